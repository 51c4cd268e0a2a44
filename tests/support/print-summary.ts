import { readFileSync } from 'node:fs';
import { type Summary, summarise, total } from './test-report.ts';

/*
 * Prints `N passed, N failed` of all the vitest reports whose paths are the arguments. A report that cannot be read
 * counts as one test that failed: its tests did not run. The exit code is 0 only when tests passed and none failed.
 */

const { passed, failed } = total(process.argv.slice(2).map(read));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;

function read(path: string): Summary {
  try {
    return summarise(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    console.error(`The test report cannot be read: ${error}`);
    return { passed: 0, failed: 1 };
  }
}
