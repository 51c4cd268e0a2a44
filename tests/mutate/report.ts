import type { Tried } from './mutate.ts';

const ID_WIDTH = 44;

/** One line about a fault that was tried. */
export function lineOf({ fault, verdict, seconds }: Tried): string {
  const took = `${seconds.toFixed(0)} s`.padStart(5);
  return `${verdict.kind.padEnd(8)}  ${fault.id.padEnd(ID_WIDTH)}  ${took}  ${detailOf({ fault, verdict })}`.trimEnd();
}

/** What to do about every fault that was not caught, and how many there were of each kind. */
export function summaryOf(all: readonly Tried[]): string {
  const open = all.filter(({ verdict }) => verdict.kind !== 'caught');
  const counts = `${all.length} faults: ${all.length - open.length} caught, ${open.length} not`;
  return [...open.map(explained), counts].join('\n\n');
}

function detailOf({ fault, verdict }: Pick<Tried, 'fault' | 'verdict'>): string {
  switch (verdict.kind) {
    case 'caught':
      return `by "${verdict.by}"`;
    case 'survived':
      return fault.sentence;
    default:
      return verdict.why;
  }
}

function explained({ fault, verdict }: Tried): string {
  const { id, file, find, replace, sentence, suites } = fault;
  return [
    `${id}: ${ADVICE[verdict.kind]}`,
    `  promise  ${sentence}`,
    `  file     ${file}`,
    ...find.split('\n').map((line) => `  -        ${line}`),
    ...replace.split('\n').map((line) => `  +        ${line}`),
    `  suites   ${suites.join(', ')}`,
    ...('why' in verdict ? [`  why      ${verdict.why}`] : []),
  ].join('\n');
}

const ADVICE = {
  caught: 'a test fails with it.',
  survived: 'every test passed with it. Write the test that states the promise.',
  stale: 'it no longer fits. Write its edit anew, or name the tests that state the promise.',
  unnamed: 'the suites failed, but no test did. Let a test state the promise.',
} as const;
