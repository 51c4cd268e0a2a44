import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Those have a run of their own, since they need more than npm gives: `npm run test:runtime`.
    exclude: ['tests/runtime/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    globalSetup: [],
  },
});
