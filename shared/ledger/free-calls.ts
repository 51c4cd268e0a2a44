import type { Clock } from '../ports/clock.ts';
import type { WindowCounter } from '../ports/window-counter.ts';

const MINUTE_MS = 60_000;

/** So much of what is left is taken by one process at a time, at the most: what it does not use, nobody can. */
const SHARE = 16;

export interface FreeCalls {
  /** As many may be made in a minute. */
  readonly perMinute: number;
  /**
   * Lets a project make so many requests to OpenAI that cost nothing.
   *
   * @returns `undefined`, or in how many milliseconds there are more, where these were made
   */
  take(project: string, count?: number): Promise<number | undefined>;
}

export interface FreeCallsParts {
  readonly clock: Clock;
  readonly perMinute: number;
  /** Absent: each process counts for itself. */
  readonly counter?: WindowCounter;
}

/** What a process may make of a project's minute. */
interface Share {
  left: number;
  /** Taken by this process, and left by all, when that was last heard. */
  taken: number;
  remaining: number;
  filling?: Promise<void> | undefined;
}

/**
 * Bounds what is free by project and minute, exactly: never more. A write for each free call would cost more than the
 * bound is worth, so a process takes some ahead: half as many as it has made in this minute, and less as they run out.
 * What one process took and another could have used is that much at the most. Once none are left, nobody asks again.
 */
export function createFreeCalls({ clock, perMinute, counter }: FreeCallsParts): FreeCalls {
  let endsAt = 0;
  let shares = new Map<string, Share>();

  function shareOf(project: string, now: number): Share {
    const end = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
    if (end !== endsAt) {
      endsAt = end;
      shares = new Map();
    }
    const share = shares.get(project) ?? { left: 0, taken: 0, remaining: perMinute };
    shares.set(project, share);
    return share;
  }

  async function fill(share: Share, project: string, end: number, count: number): Promise<void> {
    const ahead = Math.min(Math.ceil(share.taken / 2), Math.floor(share.remaining / SHARE));
    const wanted = Math.min(perMinute, Math.max(count - share.left, ahead));
    const { taken, total } = counter
      ? await counter.take(project, end, wanted, perMinute)
      : inProcess(share, wanted);
    share.left += taken;
    share.taken += taken;
    share.remaining = taken === 0 ? 0 : perMinute - total;
  }

  function inProcess(share: Share, wanted: number) {
    const taken = Math.min(wanted, perMinute - share.taken);
    return { taken, total: share.taken + taken };
  }

  return {
    perMinute,
    async take(project, count = 1) {
      for (;;) {
        const now = clock.now();
        const share = shareOf(project, now);
        if (share.left >= count) {
          share.left -= count;
          return undefined;
        }
        if (share.remaining <= 0) return endsAt - now;
        share.filling ??= fill(share, project, endsAt, count).finally(() => {
          share.filling = undefined;
        });
        await share.filling;
      }
    },
  };
}
