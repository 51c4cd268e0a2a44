import {
  CREATED,
  type CreatedObject,
  createdInEvent,
  createdObjects,
  isKept,
} from '../../shared/core/created-objects.ts';
import type { StreamMeter } from '../../shared/core/endpoint.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { OutlineReader } from '../../shared/core/json-outline.ts';
import { listingFacts, metadataTags } from '../../shared/core/listed-objects.ts';
import type { ObjectKind, StoredObject } from '../../shared/core/objects.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import type { BodyReader } from './metered-body.ts';
import { nameOf } from './settle.ts';

const HOLDS_CONTAINERS: ReadonlySet<ObjectKind> = new Set(['container', 'conversation', 'item', 'response']);

/** What to look for in an answer. */
interface Sought {
  readonly kind: ObjectKind;
  /** OpenAI keeps it; otherwise only what outlives it is sought. */
  readonly kept: boolean;
  /** Some of it may have an owner already: that is asked before anything is written. */
  readonly seen: boolean;
}

function soughtIn({ objects: { creates, shows }, work }: HeldCall): Sought | undefined {
  if (creates !== undefined) {
    const kept = work.kind === 'free' || isKept(creates, work.body);
    return { kind: creates, kept, seen: false };
  }
  return shows === undefined ? undefined : { kind: shows, kept: true, seen: true };
}

/** Whether an answer can show objects that have no owner yet. */
export function showsObjects(call: HeldCall): boolean {
  return soughtIn(call) !== undefined;
}

/** Writes down whose the new objects of an answer are, before its caller is told of them. */
export async function ownCreated(
  call: HeldCall,
  answer: JsonObject,
  deps: ProxyDeps,
  whole = true,
): Promise<void> {
  const sought = soughtIn(call);
  if (sought === undefined) return;
  await own(call, sought, createdObjects(sought.kind, answer, sought.kept, whole), deps);
}

export interface OwningReader {
  readonly reader: BodyReader;
  /** Settles when all that the answer made is written down. */
  written(): Promise<void>;
}

/** Reads an answer that is too large to be taken whole for what it made, beside its other reader. */
export function owningReader(call: HeldCall, reader: BodyReader, deps: ProxyDeps): OwningReader {
  if (!showsObjects(call)) return { reader, written: async () => {} };
  const outline = new OutlineReader(CREATED);
  let writing: Promise<void> | undefined;
  return {
    reader: {
      pass(chunk) {
        outline.push(chunk);
        return reader.pass(chunk);
      },
      last: (how) => reader.last(how),
      end(how) {
        const answer = outline.value();
        if (answer !== undefined) writing = ownCreated(call, answer, deps, false);
        return reader.end(how);
      },
    },
    written: async () => writing,
  };
}

export interface OwningMeter {
  readonly meter: StreamMeter;
  /** Settles when all that the stream made is written down. */
  written(): Promise<void>;
}

/** Watches a stream for what it makes, and writes down whose it is while the stream goes on. */
export function owningMeter(call: HeldCall, meter: StreamMeter, deps: ProxyDeps): OwningMeter {
  const sought = soughtIn(call);
  if (sought === undefined) return { meter, written: async () => {} };
  const seen = new Set<string>();
  const writes: Promise<void>[] = [];
  const see = (data: JsonObject) => {
    const made = createdInEvent(sought.kind, data, sought.kept).filter(({ id }) => !seen.has(id));
    for (const { id } of made) seen.add(id);
    if (made.length > 0) writes.push(own(call, sought, made, deps));
    return meter.see(data);
  };
  return {
    meter: { ...meter, see },
    written: async () => {
      await Promise.all(writes);
    },
  };
}

/** A deleted object is nobody's any more. One that stays on the books by a fault can still be reached by nobody. */
export async function disownDeleted({ objects, objectId, id }: HeldCall, deps: ProxyDeps): Promise<void> {
  if (objects.deletes !== true || objectId === undefined) return;
  try {
    await deps.objects.disown(objectId);
  } catch (error) {
    deps.log.event('warn', 'object_kept', { call: id, fault: nameOf(error) });
  }
}

/** What a conversation holds that was made here came through the rules of metered calls. */
function vettedHere({ kind }: CreatedObject): { vetted?: true } {
  return kind === 'conversation' ? { vetted: true } : {};
}

/**
 * An id that the request named was not made for it, whatever comes back under it. Never throws: an answer that was paid
 * for is given. What could not be written down is nobody's, and unreachable.
 */
async function own(
  call: HeldCall,
  { seen }: Sought,
  created: readonly CreatedObject[],
  deps: ProxyDeps,
): Promise<void> {
  const { id, projectName: project, user } = call;
  const made = created.filter((object) => !call.named.has(object.id));
  if (made.length === 0) return;
  try {
    const known = seen
      ? await deps.objects.owners(made.map((object) => object.id))
      : new Map<string, unknown>();
    const unowned = made.filter((object) => !known.has(object.id));
    const owned = unowned.map((object) => ({
      ...object,
      ...noted(object, call),
      ...sizeIn(object, call),
      project,
      user,
      call: id,
    }));
    await deps.objects.own(owned.map((object) => ({ ...object, ...vettedHere(object) })));
  } catch (error) {
    deps.log.alarm('object_unowned', { call: id, project, user, fault: nameOf(error) });
  }
}

/** Of what the next answer may read, and of containers: the largest that it may find there. */
function sizeIn({ kind }: CreatedObject, { containerSize: size }: HeldCall): Pick<StoredObject, 'size'> {
  return size !== undefined && HOLDS_CONTAINERS.has(kind) ? { size } : {};
}

/** An answer does not repeat what a chat completion is to be found by. */
function noted({ kind, tags = [] }: CreatedObject, { work }: HeldCall): Pick<CreatedObject, 'tags'> {
  if (kind !== 'chat_completion' || work.kind === 'free') return {};
  return { tags: [...tags, ...metadataTags(work.body)] };
}

/** Before a caller is told that a chat completion has new metadata: lists find it by these. */
export async function retagChanged(call: HeldCall, answer: JsonObject, deps: ProxyDeps): Promise<void> {
  if (!retags(call) || call.objectId === undefined) return;
  try {
    await deps.objects.retag(call.objectId, listingFacts('chat_completion', answer).tags ?? []);
  } catch (error) {
    deps.log.event('warn', 'object_not_retagged', { call: call.id, fault: nameOf(error) });
  }
}

export function retags({ endpoint }: HeldCall): boolean {
  return endpoint === 'chat.completions.update';
}
