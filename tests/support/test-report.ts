import * as z from 'zod';

/** What is needed of the report that vitest writes with `--reporter=json`. */
const REPORT = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

export interface Summary {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts the tests of a run. A file that failed before or beside its tests (it could not be loaded, a hook threw)
 * counts as one that failed: its tests did not run.
 *
 * @param report the parsed report; throws where it is none
 */
export function summarise(report: unknown): Summary {
  const { numPassedTests, numFailedTests, testResults } = REPORT.parse(report);
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length };
}

/** The sum of several runs. */
export function total(summaries: readonly Summary[]): Summary {
  const sum = (of: (summary: Summary) => number) => summaries.reduce((all, each) => all + of(each), 0);
  return { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed) };
}
