import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import { sseComment } from '../../shared/core/sse.ts';

/** Whether the caller asked to see the cost of a stream. */
export function asksForCost(request: Request): boolean {
  return request.headers.get('openai-proxy-stream-cost') === '1';
}

/** The cost of a stream in USD, as a comment after its last event: every SSE reader skips it. */
export function costComment(cost: Picodollars): Uint8Array {
  return sseComment(`openai-proxy-cost ${formatUsd(cost)}`);
}
