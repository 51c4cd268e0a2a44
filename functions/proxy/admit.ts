import { checkBatch } from '../../shared/core/batch.ts';
import { meansUser } from '../../shared/core/identity.ts';
import { parseJsonBody, stringifyBody } from '../../shared/core/json-body.ts';
import { isMultipart } from '../../shared/core/multipart.ts';
import { matchesAny } from '../../shared/core/pattern.ts';
import { isRefusal, REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import { type Route, route } from '../../shared/core/treatments.ts';
import type { Project } from '../../shared/ports/directory.ts';
import { batchWork } from './batch-work.ts';
import { readBody } from './body.ts';
import { type Admitted, type Asked, type Identified, NO_MODEL } from './call.ts';
import { rememberContainers, withContainers } from './containers.ts';
import type { ProxyDeps } from './deps.ts';
import { takeFree } from './free-rate.ts';
import { meteredWork } from './metered-work.ts';
import { checkOwn } from './own.ts';
import { NOT_A_FORM } from './read-request.ts';
import { rentedWork } from './rented-work.ts';
import { checkContext, sentIds } from './stored-context.ts';

/** Tells what is asked, what it can cost at most, and whether the rules of the stage let this caller ask it. */
export async function admit(call: Identified, deps: ProxyDeps): Promise<Admitted | Refusal> {
  const found = route(call.request.method, call.url.pathname);
  if (isRefusal(found)) return found;
  const body = await readBody(call.request, deps.settings.maxBodyBytes);
  if (body !== undefined && isRefusal(body)) return body;
  const asked =
    found.treatment.kind === 'batch'
      ? await understandBatch(call, found, body, deps)
      : await understand(call, found, found.treatment, body, deps);
  if (isRefusal(asked)) return asked;

  const subject = { user: call.user, project: call.projectName, model: asked.family };
  const began = deps.clock.now();
  const [rules, own] = await Promise.all([
    deps.directory.rules(subject),
    checkOwn(call, found, asked.json, deps),
  ]);
  const ledgerMs = Math.max(0, deps.clock.now() - began);
  const { project } = rules;
  if (project === undefined) return unknownProject(call.projectName);
  const refusal = forbid(project, call.user, asked);
  if (refusal !== undefined) return refusal;
  if (isRefusal(own)) return own;
  const limitless = unbounded(asked, rules.limits.length, call);
  if (limitless !== undefined) return limitless;
  const names = asked.lines === undefined ? [own] : [own, asked.lines];
  const owned = asked.work.kind === 'free' ? [] : names.flatMap((each) => each.owned);
  const unfit = await checkContext(call, owned, deps);
  if (unfit !== undefined) return unfit;
  const owners = own.owned.map(({ owner }) => owner);
  const containers = withContainers(asked.work, owners);
  await rememberContainers(containers.containerSize, owners, deps);
  return {
    ...call,
    ...containers,
    endpoint: found.treatment.endpoint,
    path: found.path,
    objects: found.objects,
    ...(found.objectId === undefined ? {} : { objectId: found.objectId }),
    named: own.named,
    sent: sentIds(found, asked, names),
    subject,
    requestedModel: asked.requestedModel,
    stream: asked.stream,
    rules,
    ledgerMs,
    project,
  };
}

async function understand(
  call: Identified,
  found: Route,
  treatment: Exclude<Route['treatment'], { kind: 'batch' }>,
  body: Uint8Array | undefined,
  deps: ProxyDeps,
): Promise<Asked | Refusal> {
  if (treatment.kind === 'free') return freeWork(call, found, treatment, body);
  if (treatment.kind === 'rented') return rentedWork(call, found, body, deps);
  const work = await meteredWork(call, treatment.rules, body ?? new Uint8Array(), deps);
  if (isRefusal(work)) return work;
  return {
    work,
    family: work.price.family,
    requestedModel: String(work.body['model']),
    otherModels: [...(work.otherPrices ?? [])].map(([name, { family }]) => [name, family]),
    stream: work.body['stream'] === true || work.body['stream_format'] === 'sse',
    json: work.body,
  };
}

/** A batch is understood by its file, which is only read for who may use it. */
async function understandBatch(
  call: Identified,
  found: Route,
  body: Uint8Array | undefined,
  deps: ProxyDeps,
): Promise<Asked | Refusal> {
  const parsed = parseJsonBody(body ?? new Uint8Array());
  if (isRefusal(parsed)) return parsed;
  const { json } = parsed;
  const unfit = checkBatch(json);
  if (unfit !== undefined) return unfit;
  const [project, own] = await Promise.all([
    deps.directory.project(call.projectName),
    checkOwn(call, found, json, deps),
  ]);
  if (project === undefined) return unknownProject(call.projectName);
  const refusal = notAdmitted(project, call.user);
  if (refusal !== undefined) return refusal;
  if (isRefusal(own)) return own;
  // To know what it may cost, its file is read at OpenAI, which is free.
  return (await takeFree(call, 1, deps)) ?? batchWork(call, json, deps);
}

/**
 * A free request that is JSON is sent on as it was read here, so that nobody reads other objects in it than these. What
 * takes no body is sent none, and what takes a form is sent nothing else.
 */
function freeWork(
  { request }: Identified,
  { takes }: Route,
  { good, check }: Extract<Route['treatment'], { kind: 'free' }>,
  body: Uint8Array | undefined,
): Asked | Refusal {
  const free = { family: NO_MODEL, requestedModel: NO_MODEL, stream: false };
  const isEmpty = body === undefined || body.byteLength === 0 || takes.length === 0;
  if (isEmpty) return { work: { kind: 'free', good, body: undefined }, ...free };
  if (!takes.includes('application/json')) {
    const isForm = isMultipart(request.headers.get('content-type') ?? '');
    return isForm ? { work: { kind: 'free', good, body }, ...free } : NOT_A_FORM;
  }
  const parsed = parseJsonBody(body);
  if (isRefusal(parsed)) return parsed;
  const { json } = parsed;
  const unfit = check?.(json);
  if (unfit !== undefined) return unfit;
  return { work: { kind: 'free', good, body: stringifyBody(json), json }, ...free, json };
}

function notAdmitted(project: Project, user: string): Refusal | undefined {
  if (project.principals.length === 0 || meansUser(project.principals, user)) return undefined;
  return forbidden(
    'project_not_yours',
    `Project ${project.name} does not admit ${user}. Ask an admin to add you.`,
  );
}

function forbid(project: Project, user: string, asked: Asked): Refusal | undefined {
  const refusal = notAdmitted(project, user);
  if (refusal !== undefined) return refusal;
  if (asked.work.kind === 'free' || project.models.length === 0) return undefined;
  const refused = [[asked.requestedModel, asked.family], ...(asked.otherModels ?? [])].find(
    (names) => !names.some((name) => matchesAny(project.models, name)),
  );
  if (refused === undefined) return undefined;
  return forbidden(
    'model_not_allowed',
    `Project ${project.name} may not use ${refused[0]}. It may use: ${project.models.join(', ')}.`,
    'model',
  );
}

/** A call that no limit binds could cost anything: it is refused, unless it costs nothing by nature. */
function unbounded(asked: Asked, limits: number, call: Identified): Refusal | undefined {
  const costsNothing = asked.work.kind === 'free' && asked.work.rent === undefined;
  if (costsNothing || limits > 0) return undefined;
  return forbidden(
    'no_limit_set',
    `No limit binds project ${call.projectName}, user ${call.user} and model ${asked.family}, so nothing may be spent. ` +
      'Ask an admin to set a limit for the project.',
  );
}

function unknownProject(name: string): Refusal {
  return forbidden(
    'unknown_project',
    `There is no project ${name}. Name one in openai-proxy-project, or ask an admin.`,
  );
}

function forbidden(code: string, message: string, param?: string): Refusal {
  return {
    kind: REFUSAL,
    status: 403,
    type: 'invalid_request_error',
    code,
    message,
    ...(param === undefined ? {} : { param }),
  };
}
