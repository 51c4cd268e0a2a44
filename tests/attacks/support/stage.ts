import type OpenAI from 'openai';
import { expect } from 'vitest';
import type { ProxySettings } from '../../../functions/proxy/deps.ts';
import type { Received, ScriptedUpstream } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk, type World, type WorldParts } from '../../support/world.ts';
import { attackedWorld } from './world.ts';

/** One of two projects that share a stage, and so one OpenAI account. */
export interface Side {
  readonly project: string;
  readonly client: OpenAI;
  get(path: string): Promise<Response>;
  post(path: string, body: unknown): Promise<Response>;
  /** Anything else, such as a form or a strange header. */
  send(path: string, init: RequestInit): Promise<Response>;
}

export interface AttackStage {
  readonly world: World;
  /** OpenAI as a test scripts it; it remembers what reached it. */
  readonly upstream: ScriptedUpstream;
  readonly attacker: Side;
  readonly victim: Side;
  /** What reached OpenAI since this was last asked. */
  forwarded(): Received[];
  close(): Promise<void>;
}

export interface AttackStageOptions {
  /** The monthly limit of each project, in USD. */
  readonly limitUsd?: string;
  /** In memory where they are left out. */
  readonly parts?: Partial<WorldParts>;
  readonly settings?: Partial<ProxySettings>;
}

/** A stage with two projects, in front of an OpenAI that records what it is sent. */
export async function startAttackStage(options: AttackStageOptions = {}): Promise<AttackStage> {
  const { limitUsd = '50', parts = {}, settings = {} } = options;
  const world = await attackedWorld(parts, settings);
  const [attacker, victim] = [await side(world, limitUsd), await side(world, limitUsd)];
  let told = 0;
  return {
    world,
    upstream: world.upstream,
    attacker,
    victim,
    forwarded() {
      const since = world.upstream.received.slice(told);
      told = world.upstream.received.length;
      return since;
    },
    close: () => world.close(),
  };
}

/** One more project of a stage, with a monthly limit of so many USD. */
export async function side(world: World, limitUsd: string): Promise<Side> {
  const target = inProcess(world);
  const project = await world.project(limitUsd);
  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    headers.set('openai-proxy-project', project);
    return target.fetchAs('developer')(`${target.baseURL}/v1${path}`, { ...init, headers });
  };
  return {
    project,
    client: sdk(target, project),
    send,
    get: (path) => send(path, {}),
    post: (path, body) =>
      send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

/** The error of a refusal, with its status. */
export async function refusalOf(response: Response) {
  const { error } = (await response.json()) as {
    error: { message: string; code: string; param: string | null };
  };
  return { status: response.status, ...error };
}

/** What a caller is told of an object that is not its project's: the same as of one that is not there. */
export async function expectNotFound(response: Response, param?: string): Promise<void> {
  const refusal = await refusalOf(response);
  expect(refusal).toMatchObject({
    status: 404,
    code: 'not_found',
    ...(param === undefined ? {} : { param }),
  });
}
