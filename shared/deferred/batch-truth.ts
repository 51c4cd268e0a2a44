import { BATCH_READS, batchedEndpoint, batchFiles, isFinalBatch, ownedFiles } from '../core/batch.ts';
import { batchEnd, isNoEnd } from '../core/batch-end.ts';
import { BatchOutput } from '../core/batch-output.ts';
import type { CreatedObject } from '../core/created-objects.ts';
import type { JsonObject } from '../core/json.ts';
import type { CallEntry, Outcome } from '../core/ledger.ts';
import { isObjectId } from '../core/objects.ts';
import { askedBy, untoldOutcome } from '../core/told-outcome.ts';
import { askFor, readAll } from './ask.ts';
import type { TruthParts } from './truth-parts.ts';

/** For all of it: OpenAI takes up to 200 MB for a batch, and answers may be larger. */
const TIMEOUT_MS = 600_000;

/** As many owners are written at once: a batch can have made some hundred thousand objects. */
const WRITE_TOGETHER = 50;

/**
 * The outcome of a batch that has ended, by the lines of the files that it made, which are its owner's from now on.
 *
 * @returns `undefined` where it goes on, or OpenAI does not tell, or not all of it, now
 */
export async function batchOutcome(
  call: CallEntry,
  id: string,
  parts: TruthParts,
): Promise<Outcome | undefined> {
  const { upstream, clock } = parts;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const asked = await askFor(upstream, `/batches/${encodeURIComponent(id)}`, BATCH_READS, signal);
  if (asked.kind === 'unknown') return undefined;
  if (asked.kind === 'gone') return untoldOutcome(call, 'no_usage', clock.now());
  if (!isFinalBatch(asked.found)) return undefined;
  const { project, user } = call;
  await parts.objects.own(ownedFiles(asked.found, { project, user, call: call.id }));
  return filesOutcome(call, asked.found, signal, parts);
}

async function filesOutcome(
  call: CallEntry,
  batch: JsonObject,
  signal: AbortSignal,
  parts: TruthParts,
): Promise<Outcome | undefined> {
  const { upstream, clock } = parts;
  const prices = await parts.prices.current();
  const asked = askedBy(call, prices);
  const rules = batchedEndpoint(batch['endpoint']);
  if (asked === undefined || rules === undefined) return untoldOutcome(call, 'unpriced', clock.now());
  const output = new BatchOutput(rules, asked, prices);
  let isWhole = true;
  for (const file of batchFiles(batch)) {
    const path = `/files/${encodeURIComponent(file)}/content`;
    const read = await readAll(upstream, path, signal, (chunk) => {
      output.push(chunk);
      return ownMade(call, output.takeMade(), parts);
    });
    if (read.kind === 'unknown') return undefined;
    isWhole &&= read.kind === 'found';
    output.endLine();
    await ownMade(call, output.takeMade(), parts);
  }
  const end = batchEnd(batch);
  if (isNoEnd(end, isWhole ? output.answers : undefined, call, clock.now())) return undefined;
  return isWhole ? output.outcome(end.answers, clock.now()) : untoldOutcome(call, 'no_usage', clock.now());
}

/** Whoever reads the lines is told of these objects: they are the project's before the batch is settled. */
async function ownMade(
  { id: call, project, user }: CallEntry,
  made: readonly CreatedObject[],
  { objects }: Pick<TruthParts, 'objects'>,
): Promise<undefined> {
  const findable = made.filter(({ id }) => isObjectId(id));
  for (let from = 0; from < findable.length; from += WRITE_TOGETHER) {
    const next = findable.slice(from, from + WRITE_TOGETHER);
    await objects.own(next.map((object) => ({ ...object, project, user, call })));
  }
}
