import {
  type CreatedObject,
  createdInEvent,
  createdObjects,
  isKept,
} from '../../shared/core/created-objects.ts';
import type { StreamMeter } from '../../shared/core/endpoint.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { type Outline, OutlineReader } from '../../shared/core/json-outline.ts';
import { objectReferences } from '../../shared/core/object-references.ts';
import type { ObjectKind, StoredObject } from '../../shared/core/objects.ts';
import { invalidRequest, type Refusal } from '../../shared/core/refusal.ts';
import type { Route } from '../../shared/core/treatments.ts';
import type { HeldCall, Identified } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import type { BodyReader } from './metered-body.ts';
import { nameOf } from './settle.ts';

/** What a call names of what OpenAI keeps. */
export interface Named {
  readonly id: string;
  readonly param: string;
  readonly kind?: ObjectKind;
  readonly weak: boolean;
}

/**
 * Refuses a call that names an object of another project, or of nobody: it is told what it would be told of one that
 * does not exist. Where a caller sends an item whole, with an id that is not known, the id stands for nothing.
 */
export async function refuseForeign(
  call: Identified,
  { objects, objectId }: Route,
  body: JsonObject | undefined,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<Refusal | undefined> {
  const inPath: Named[] =
    objects.needs === undefined || objectId === undefined
      ? []
      : [{ id: objectId, param: 'id', kind: objects.needs, weak: false }];
  return refuseNamed([...inPath, ...(body === undefined ? [] : objectReferences(body))], call, deps);
}

/** The same, for what it is known to name. */
export async function refuseNamed(
  named: readonly Named[],
  call: Identified,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<Refusal | undefined> {
  if (named.length === 0) return undefined;
  const owners = await deps.objects.owners(named.map(({ id }) => id));
  const foreign = named.find((each) => !isOwn(each, owners.get(each.id), call.projectName));
  return foreign === undefined ? undefined : notFound(foreign, call.projectName);
}

/** Whether something that is named is the project's, as far as its owner is known. */
export function isOwn(
  { kind, weak }: Pick<Named, 'kind' | 'weak'>,
  owner: StoredObject | undefined,
  project: string,
): boolean {
  if (owner === undefined) return weak;
  return owner.project === project && (kind === undefined || owner.kind === kind);
}

function notFound({ id, param, kind }: Named, project: string): Refusal {
  const what = kind === undefined ? 'object' : kind.replaceAll('_', ' ');
  return invalidRequest(
    'not_found',
    `No such ${what} in project ${project}: ${JSON.stringify(id.slice(0, 100))}. A project sees what it made itself, ` +
      'and what an admin gave it.',
    { param, status: 404 },
  );
}

/** Writes down whose the new objects of an answer are, before its caller is told of them. */
export async function ownCreated(call: HeldCall, answer: JsonObject, deps: ProxyDeps): Promise<void> {
  const kind = kindMade(call);
  if (kind !== undefined) await own(call, createdObjects(kind, answer), deps);
}

/** All members of an answer that `createdObjects` looks at. */
const CREATED = {
  id: true,
  file: { id: true },
  data: { id: true, container_id: true, environment: true },
  output: { id: true, container_id: true, environment: true },
} as const satisfies Outline;

export interface OwningReader {
  readonly reader: BodyReader;
  /** Settles when all that the answer made is written down. */
  written(): Promise<void>;
}

/** Reads an answer that is too large to be taken whole for what it made, beside its other reader. */
export function owningReader(call: HeldCall, reader: BodyReader, deps: ProxyDeps): OwningReader {
  if (kindMade(call) === undefined) return { reader, written: async () => {} };
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
        if (answer !== undefined) writing = ownCreated(call, answer, deps);
        return reader.end(how);
      },
    },
    written: async () => writing,
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

export interface OwningMeter {
  readonly meter: StreamMeter;
  /** Settles when all that the stream made is written down. */
  written(): Promise<void>;
}

/** Watches a stream for what it makes, and writes down whose it is while the stream goes on. */
export function owningMeter(call: HeldCall, meter: StreamMeter, deps: ProxyDeps): OwningMeter {
  const kind = kindMade(call);
  if (kind === undefined) return { meter, written: async () => {} };
  const seen = new Set<string>();
  const writes: Promise<void>[] = [];
  const see = (data: JsonObject) => {
    const made = createdInEvent(kind, data).filter(({ id }) => !seen.has(id));
    for (const { id } of made) seen.add(id);
    if (made.length > 0) writes.push(own(call, made, deps));
    return meter.see(data);
  };
  return {
    meter: { ...meter, see },
    written: async () => {
      await Promise.all(writes);
    },
  };
}

function kindMade({ objects: { creates }, work }: HeldCall): ObjectKind | undefined {
  if (creates === undefined || work.kind === 'free') return creates;
  return isKept(creates, work.body) ? creates : undefined;
}

/** Never throws: an answer that was paid for is given. What could not be written down is nobody's, and unreachable. */
async function own(call: HeldCall, created: readonly CreatedObject[], deps: ProxyDeps): Promise<void> {
  const { id, projectName: project, user } = call;
  try {
    await deps.objects.own(created.map((object) => ({ ...object, project, user, call: id })));
  } catch (error) {
    deps.log.alarm('object_unowned', { call: id, project, user, fault: nameOf(error) });
  }
}
