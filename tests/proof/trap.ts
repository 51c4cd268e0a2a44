import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, type Operation, startFaultProxy } from '../support/fault-proxy.ts';
import { follow, type Point, type Sight, type Wave } from './points.ts';

/** Watches what a process does at DynamoDB and, told by others, at the upstream; and springs at a point. */
export interface Trap {
  /** Where the process finds DynamoDB. */
  readonly endpoint: string;
  /** What DynamoDB did for each call, by its id. */
  readonly waves: ReadonlyMap<string, Wave>;
  /** Springs at this point, once, after it was passed by so many times. */
  arm(point: Point, passes: number, spring: () => void): void;
  disarm(): void;
  /** Tells what was seen elsewhere. */
  see(sight: Sight): void;
  close(): Promise<void>;
}

const POLL_MS = 1;
const COMPANION_MS = 500;

interface Armed {
  readonly point: Point;
  readonly spring: () => void;
  passes: number;
  /** It is about to spring. */
  tense: boolean;
}

/** Sets a trap in front of a DynamoDB. */
export async function startTrap(dynamodb: string): Promise<Trap> {
  const proxy: FaultProxy = await startFaultProxy(dynamodb);
  const waves = new Map<string, Wave>();
  let armed: Armed | undefined;

  const waveOf = ({ call }: Operation): Wave => {
    const wave = waves.get(call ?? '') ?? { writes: undefined, entryWritten: false, holds: 0, releases: 0 };
    if (call !== undefined) waves.set(call, wave);
    return wave;
  };
  const springs = (sight: Sight): Armed | undefined => {
    if (armed === undefined || armed.tense || !armed.point.is(sight)) return undefined;
    if (armed.passes > 0) {
      armed.passes -= 1;
      return undefined;
    }
    const sprung = armed;
    if (sprung.point.after === undefined) armed = undefined;
    return sprung;
  };

  proxy.script({
    async before(operation) {
      const wave = waveOf(operation);
      const sprung = springs({ at: 'before', operation, wave });
      if (sprung === undefined) return undefined;
      if (sprung.point.after !== undefined) {
        sprung.tense = true;
        const isReady = await until(() => sprung.point.after?.(wave) === true);
        // Nothing else goes out beside this one: another call must be found.
        if (!isReady) sprung.tense = false;
        if (!isReady || armed !== sprung) return undefined;
        armed = undefined;
      }
      sprung.spring();
      return { kind: 'drop', when: 'before' };
    },
    after(operation, status) {
      const wave = waveOf(operation);
      follow(wave, operation, status);
      springs({ at: 'after', operation, wave })?.spring();
    },
  });

  return {
    endpoint: proxy.endpoint,
    waves,
    arm: (point, passes, spring) => {
      armed = { point, passes, spring, tense: false };
    },
    disarm: () => {
      armed = undefined;
    },
    see: (sight) => springs(sight)?.spring(),
    close: () => proxy.close(),
  };
}

async function until(condition: () => boolean): Promise<boolean> {
  const deadline = Date.now() + COMPANION_MS;
  while (!condition()) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
