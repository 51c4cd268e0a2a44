import { defineConfig } from 'vitest/config';

/** The proof of the deployment: minutes, with Terraform and an emulator of AWS. */
export default defineConfig({
  test: {
    include: ['tests/iac/**/*.proof.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
