import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/* The tests of what is deployed: the zips, under Lambda's own runtime client. */

export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  test: {
    include: ['tests/runtime/**/*.test.ts'],
    globalSetup: ['tests/runtime/setup.ts'],
    // Each call at once is a process that starts.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
