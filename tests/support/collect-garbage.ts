import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Collects what nobody refers to any more, as happens at any time in a program that runs on. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    collect();
    await sleep(10);
  }
}
