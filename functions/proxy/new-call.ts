import { callId } from '../../shared/core/call-id.ts';
import type { ProxyDeps } from './deps.ts';

/** Draws the id of a call that begins now. */
export function newCallId(deps: Pick<ProxyDeps, 'clock' | 'random'>): string {
  return callId(deps.clock.now(), deps.random());
}
