import type { StreamMeter } from '../endpoint.ts';

/** Of an endpoint that never streams: whatever such a stream carries is passed on, and tells nothing. */
export function unstreamed(): StreamMeter {
  return { see: () => 'pass', served: () => undefined, isFinal: () => false, seenOutputBytes: () => 0 };
}
