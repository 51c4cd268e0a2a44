import type { JsonObject } from '../../shared/core/json.ts';
import { type ObjectReference, objectReferences } from '../../shared/core/object-references.ts';
import { isObjectId, type StoredObject } from '../../shared/core/objects.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { Route } from '../../shared/core/treatments.ts';
import type { Identified, OwnedReference, OwnNames } from './call.ts';
import type { ProxyDeps } from './deps.ts';

/** As many owners are read at once; the next only when all of these are the project's. */
const READ_TOGETHER = 100;

/**
 * Refuses a call that names an object of another project, or of nobody: it is told what it would be told of one that
 * does not exist. Where a caller sends an item whole, with an id that is not known, the id stands for nothing.
 */
export async function checkOwn(
  call: Identified,
  { objects, objectId, path }: Route,
  body: JsonObject | undefined,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<OwnNames | Refusal> {
  const inPath: ObjectReference[] =
    objects.needs === undefined || objectId === undefined
      ? []
      : [{ id: objectId, param: 'id', kind: objects.needs, weak: false }];
  const inBody = body === undefined ? [] : objectReferences(body);
  if (isRefusal(inBody)) return inBody;
  const checked = await checkNamed([...inPath, ...cursors(call, objects), ...inBody], call, deps);
  if (isRefusal(checked)) return checked;
  return { ...checked, named: new Set([...checked.named, ...path.split('/')]) };
}

/** What a list of the project's own begins after, or ends before. */
function cursors({ url }: Identified, { lists: kind }: Route['objects']): ObjectReference[] {
  if (kind === undefined) return [];
  return ['after', 'before'].flatMap((param) => {
    const id = url.searchParams.get(param) ?? '';
    return id === '' ? [] : [{ id, param, kind, weak: false }];
  });
}

/** The same, for what it is known to name. Reads no further than to the first object that is not the project's. */
export async function checkNamed(
  references: readonly ObjectReference[],
  call: Identified,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<OwnNames | Refusal> {
  const owned: OwnedReference[] = [];
  const strangers = new Set<string>();
  for (let from = 0; from < references.length; from += READ_TOGETHER) {
    const next = references.slice(from, from + READ_TOGETHER);
    const owners = await deps.objects.owners(next.map(({ id }) => id));
    for (const reference of next) {
      const owner = owners.get(reference.id);
      if (!isOwn(reference, owner, call.projectName)) return notFound(reference, call.projectName);
      if (owner !== undefined) owned.push({ reference, owner });
      if (owner === undefined && reference.kind === 'item' && isObjectId(reference.id))
        strangers.add(reference.id);
    }
  }
  const named = new Set(references.map(({ id }) => id));
  return { kind: 'own', named, owned, strangers: [...strangers] };
}

/** Whether something that is named is the project's, as far as its owner is known. */
export function isOwn(
  { kind, weak }: Pick<ObjectReference, 'kind' | 'weak'>,
  owner: StoredObject | undefined,
  project: string,
): boolean {
  if (owner === undefined || owner.kind === 'sent_item') return weak;
  return owner.project === project && (kind === undefined || owner.kind === kind);
}

function notFound({ id, param, kind }: ObjectReference, project: string): Refusal {
  const what = kind === undefined ? 'object' : kind.replaceAll('_', ' ');
  const unstored = kind === 'item' ? ' Items of a response with store: false must be sent whole.' : '';
  return invalidRequest(
    'not_found',
    `No such ${what} in project ${project}: ${JSON.stringify(id.slice(0, 100))}. A project sees what it made itself, ` +
      `and what an admin gave it.${unstored}`,
    { param, status: 404 },
  );
}
