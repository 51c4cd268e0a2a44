import type { StreamMeter } from '../endpoint.ts';
import { failureInEvent } from '../failure.ts';

/** Of an endpoint that never streams: whatever such a stream carries is passed on, and tells nothing. */
export function unstreamed(): StreamMeter {
  let begun = false;
  return {
    see(data) {
      begun ||= failureInEvent(data) === undefined;
      return 'pass';
    },
    served: () => undefined,
    isFinal: () => false,
    hasBegun: () => begun,
    seenOutputBytes: () => undefined,
  };
}
