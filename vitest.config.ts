import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Those have a run of their own, since they need more than npm gives: `npm run test:runtime`.
    exclude: ['tests/runtime/**'],
    // Most of them wait for servers that they started: more at once than there are processors.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: [],
  },
});
