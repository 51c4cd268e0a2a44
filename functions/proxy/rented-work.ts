import { type ContainerSize, LARGEST_SIZE } from '../../shared/core/containers.ts';
import { checkContainer, checkContainerFile, rentOf, sizeAsked } from '../../shared/core/endpoints/rented.ts';
import { stringifyBody } from '../../shared/core/json-body.ts';
import type { StoredObject } from '../../shared/core/objects.ts';
import type { Price } from '../../shared/core/price.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { Route } from '../../shared/core/treatments.ts';
import { type Asked, type FreeWork, type Identified, NO_MODEL } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { readRequest } from './read-request.ts';

/** Makes an operation on a container a call that is billed, though it asks no model. */
export function rentedWork(
  call: Identified,
  found: Route,
  body: Uint8Array | undefined,
  deps: Pick<ProxyDeps, 'prices'>,
): Asked | Refusal {
  const asked = { family: NO_MODEL, requestedModel: NO_MODEL, stream: false };
  const price = priceOf(deps, call.at);
  const { objectId: named } = found;
  const rentAs = (size: ContainerSize) => ({
    ...(named === undefined ? {} : { named }),
    size,
    price,
    worst: rentOf(size, price.rates.default ?? {}),
  });
  if (found.takes.length === 0) {
    const rent = rentAs(LARGEST_SIZE);
    return { work: { kind: 'free', good: undefined, body: undefined, rent }, ...asked };
  }
  const type = call.request.headers.get('content-type') ?? '';
  const form = found.takes.includes('multipart/form-data') ? { form: { files: ['file'] } } : {};
  const read = readRequest(body ?? new Uint8Array(), type, form);
  if (isRefusal(read)) return read;
  const { json, raw } = read;
  const unfit = named === undefined ? checkContainer(json) : checkContainerFile(json);
  if (unfit !== undefined) return unfit;
  const rent = rentAs(named === undefined ? sizeAsked(json) : LARGEST_SIZE);
  const sent =
    raw === undefined ? { body: stringifyBody(json) } : { body: raw.bytes, contentType: raw.contentType };
  return { work: { kind: 'free', good: undefined, ...sent, json, rent }, ...asked, json };
}

/** The same, now that it is known how large the container is. */
export function withRent(work: FreeWork, owners: readonly StoredObject[]): FreeWork {
  const { rent } = work;
  if (rent?.named === undefined) return work;
  const size = owners.find(({ id }) => id === rent.named)?.size ?? LARGEST_SIZE;
  return { ...work, rent: { ...rent, size, worst: rentOf(size, rent.price.rates.default ?? {}) } };
}

/** A container costs the same whatever model uses it; if prices differ, the dearest counts. */
function priceOf({ prices }: Pick<ProxyDeps, 'prices'>, at: number): Price {
  return {
    model: NO_MODEL,
    family: NO_MODEL,
    source: 'the dearest of all models',
    rates: { default: prices.containerRates(at) },
    contextWindow: 0,
    maxOutputTokens: 0,
    maxImageTokens: 0,
  };
}
