import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, and would run on alone when all else has ended. */
const LONGEST = '/tests/proof/';

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.includes(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Those have a run of their own, since they need more than npm gives: `npm run test:runtime`.
    exclude: ['tests/runtime/**'],
    // Most of them wait for servers that they started: more at once than there are processors.
    maxWorkers: 4,
    // A worker reads the product and the SDKs once, not for each file: nothing in them has a state of its own.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // They end a test that hangs, and nothing else: no test may depend on how fast the machine is.
    expect: { poll: { timeout: 300_000 } },
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
