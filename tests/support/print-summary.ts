import { readFileSync } from 'node:fs';
import { summarise } from './test-report.ts';

/*
 * Prints `N passed, N failed` of the vitest report whose path is the first argument; without a readable report that
 * is `0 passed, 0 failed`. The exit code is 0 only when tests passed and none failed.
 */

const { passed, failed } = read(process.argv[2] ?? '');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;

function read(path: string) {
  try {
    return summarise(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    console.error(`The test report cannot be read: ${error}`);
    return { passed: 0, failed: 0 };
  }
}
