import { describe, expect, it } from 'vitest';
import { summarise, total } from './test-report.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

describe('the summary of a test run', () => {
  it('counts the tests that passed and failed', () => {
    const testResults = [file('passed', 'passed', 'skipped'), file('failed', 'passed', 'failed')];
    expect(summarise({ numPassedTests: 2, numFailedTests: 1, testResults })).toEqual({
      passed: 2,
      failed: 1,
    });
  });

  it('counts a file that could not be loaded as failed', () => {
    const testResults = [file('failed'), file('passed', 'passed')];
    expect(summarise({ numPassedTests: 1, numFailedTests: 0, testResults })).toEqual({
      passed: 1,
      failed: 1,
    });
  });

  it('is the sum of several runs', () => {
    const runs = [
      { passed: 2, failed: 0 },
      { passed: 3, failed: 1 },
    ];
    expect(total(runs)).toEqual({ passed: 5, failed: 1 });
  });

  it('does not take something else for a report', () => {
    expect(() => summarise({})).toThrow();
  });
});
