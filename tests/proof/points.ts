import type { Operation } from '../support/fault-proxy.ts';
import type { Progress } from './upstream.ts';

/** Something that was seen of a call from outside its process. */
export type Sight =
  /** A request to DynamoDB, about to be passed on, or answered by it and about to be told. */
  | {
      readonly at: 'before' | 'after';
      readonly operation: Operation;
      readonly wave: Wave;
    }
  | { readonly at: Progress };

/** What DynamoDB has done for one call. */
export interface Wave {
  /** Its entry and its holds: how many there are to be, once the entry was seen, and how many are durable. */
  writes: number | undefined;
  entryWritten: boolean;
  holds: number;
  releases: number;
}

/** A named point of a call's life at which its process is killed. */
export interface Point {
  readonly name: string;
  /** Whether this is the moment. */
  readonly is: (sight: Sight) => boolean;
  /**
   * The request is one of several that go out together: it waits until another of them is done, and is then lost
   * with its process.
   */
  readonly after?: (wave: Wave) => boolean;
  /** Few calls come to it: the first one that does is the one. */
  readonly rare?: true;
}

const HOLDS = new Set(['reserveLimit', 'reserveBooks']);
const RELEASES = new Set(['releaseLimit', 'releaseBooks']);

/** Whether the entry and every hold of a call are durable: only then may it be forwarded. */
export function isDurable({ writes, entryWritten, holds }: Wave): boolean {
  return entryWritten && holds === writes;
}

function isVoid({ body }: Operation): boolean {
  return JSON.stringify(body).includes('"void"');
}

function ledger(
  at: 'before' | 'after',
  is: (operation: Operation, wave: Wave) => boolean,
): (sight: Sight) => boolean {
  return (sight) => sight.at === at && 'operation' in sight && is(sight.operation, sight.wave);
}

const decides = (operation: Operation) => operation.step === 'decideCall' && !isVoid(operation);
const voids = (operation: Operation) => operation.step === 'decideCall' && isVoid(operation);

/** All is held, and the call is on its way. */
export const FORWARDED: Point = { name: 'OpenAI has the request', is: ({ at }) => at === 'received' };

/** Every recovery point of a call, in the order of its life. */
export const CALL_POINTS: readonly Point[] = [
  { name: 'before its entry is written', is: ledger('before', ({ step }) => step === 'putCall') },
  { name: 'after its entry is written', is: ledger('after', ({ step }) => step === 'putCall') },
  { name: 'before a hold', is: ledger('before', ({ step }) => HOLDS.has(step)) },
  {
    name: 'between two holds',
    is: ledger('before', ({ step }) => HOLDS.has(step)),
    after: ({ holds }) => holds > 0,
  },
  { name: 'after a hold', is: ledger('after', ({ step }) => HOLDS.has(step)) },
  {
    name: 'all held, not forwarded',
    is: ledger('after', ({ step }, wave) => (HOLDS.has(step) || step === 'putCall') && isDurable(wave)),
  },
  FORWARDED,
  { name: 'after the head', is: ({ at }) => at === 'head' },
  { name: 'in mid-answer', is: ({ at }) => at === 'middle' },
  { name: 'after the last byte', is: ({ at }) => at === 'last' },
  { name: 'before the cost is decided', is: ledger('before', decides) },
  { name: 'after the cost is decided', is: ledger('after', decides) },
  { name: 'before a void is decided', is: ledger('before', voids) },
  { name: 'after a void is decided', is: ledger('after', voids) },
  { name: 'before a release', is: ledger('before', ({ step }) => RELEASES.has(step)) },
  {
    name: 'between two releases',
    is: ledger('before', ({ step }) => RELEASES.has(step)),
    after: ({ releases }) => releases > 0,
  },
  { name: 'after a release', is: ledger('after', ({ step }) => RELEASES.has(step)) },
  { name: 'before the entry is closed', is: ledger('before', ({ step }) => step === 'closeCall') },
  { name: 'after the entry is closed', is: ledger('after', ({ step }) => step === 'closeCall') },
];

const grants = ({ step, body }: Operation) =>
  step === 'transfer' && / g\d+ :more_g/.test(body.UpdateExpression ?? '');
const receives = ({ step, body }: Operation) =>
  step === 'reserveLimit' && /received = received/.test(body.UpdateExpression ?? '');

/** Where money is on its way between the account of a limit and its shards. */
export const SHARD_POINTS: readonly Point[] = [
  { name: 'before an account grants to a shard', is: ledger('before', grants), rare: true },
  { name: 'after it granted, before the shard has it', is: ledger('after', grants), rare: true },
  { name: 'before a shard receives, with a hold', is: ledger('before', receives), rare: true },
  { name: 'after a shard received, with a hold', is: ledger('after', receives), rare: true },
];

/** The points of a sweep. */
export const SWEEP_POINTS: readonly Point[] = [
  { name: 'sweep: before it lists', is: ledger('before', ({ step }) => step === 'listOpen') },
  { name: 'sweep: before it decides', is: ledger('before', ({ step }) => step === 'decideCall') },
  { name: 'sweep: after it decided', is: ledger('after', ({ step }) => step === 'decideCall') },
  {
    name: 'sweep: between two releases',
    is: ledger('before', ({ step }) => RELEASES.has(step)),
    after: ({ releases }) => releases > 0,
  },
  { name: 'sweep: after a release', is: ledger('after', ({ step }) => RELEASES.has(step)) },
  { name: 'sweep: before it closes', is: ledger('before', ({ step }) => step === 'closeCall') },
  { name: 'sweep: after it closed', is: ledger('after', ({ step }) => step === 'closeCall') },
];

/** Follows what DynamoDB did for a call. */
export function follow(wave: Wave, { step, body }: Operation, status: number): void {
  if (step === 'putCall') {
    const accounts = (body.Item?.['accounts'] as { L?: readonly unknown[] } | undefined)?.L ?? [];
    wave.writes = accounts.length;
    wave.entryWritten ||= status === 200;
  }
  if (status !== 200) return;
  if (HOLDS.has(step)) wave.holds += 1;
  if (RELEASES.has(step)) wave.releases += 1;
}
