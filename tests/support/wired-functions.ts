import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import { createApp } from '../../functions/proxy/app.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import type { IamCaller } from '../../shared/core/identity.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { periodKey } from '../../shared/core/period.ts';
import type { App } from '../../shared/ports/app.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import { wireProxy } from '../../shared/wire.ts';
import { json } from './scripted-upstream.ts';
import { type AwsRequest, startWiredStage, type WiredStage } from './wired-stage.ts';

export const ACCOUNT = '123456789012';
export const CHAT_PATH = '/odd/v1/chat/completions';
export const CHAT = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-5.4-mini',
  service_tier: 'default',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Yes.' } }],
  usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 },
};
/** The same of a response. */
export const USAGE = { input_tokens: 100, output_tokens: 100, total_tokens: 200 };
/** $0.75 and $4.50 a million tokens, and 10 % more at a regional endpoint. */
export const GLOBAL_COST = 525_000_000n;
export const REGIONAL_COST = 577_500_000n;

export const question = (more: object = {}) => ({
  model: 'gpt-5.4-mini',
  messages: [{ role: 'user', content: 'Is it odd?' }],
  max_completion_tokens: 200,
  ...more,
});

/** A caller of the stage's own account. */
export function iam(resource: string, service: 'iam' | 'sts' = 'iam'): IamCaller {
  return {
    userArn: `arn:aws:${service}::${ACCOUNT}:${resource}`,
    accountId: ACCOUNT,
    ownerAccountId: ACCOUNT,
  };
}

interface Asking {
  readonly path?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly caller?: IamCaller;
  /** Another proxy than the one whose answers are cached in a table. */
  readonly app?: App;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** What the cache had to do with it. */
  readonly cache: string | null;
}

type Reply = Record<string, unknown>;

/** The three functions of an odd stage, as their entries wire them, and ways to see what they do. */
export interface WiredFunctions extends WiredStage {
  readonly store: LedgerStore;
  /** Calls the proxy, and waits until it has nothing more to do for the call. */
  ask(project: string | undefined, asking?: Asking): Promise<Answer>;
  readonly admin: (payload: object) => Promise<Reply>;
  readonly sweep: (event: object) => Promise<Reply>;
  /** A project with so many USD a month, and a name of its own unless it is given one. */
  newProject(usd?: string, name?: string): Promise<string>;
  /** The entries of a project, the oldest first. */
  entriesOf(project: string): Promise<CallEntry[]>;
  /** All items of a table of the stage whose key begins so. */
  itemsOf(table: string, prefix: string): Promise<Item[]>;
  /** What is asked of AWS during some work. */
  askedDuring(work: () => Promise<unknown>): Promise<AwsRequest[]>;
  /** Lets OpenAI wait with its answer until it is told to give it; `asked`: it has got a request. */
  gate(): { readonly asked: Promise<void>; readonly open: () => void };
}

type Item = Readonly<
  Record<string, { readonly S?: string; readonly N?: string; readonly B?: Uint8Array } | undefined>
>;

export async function startWiredFunctions(): Promise<WiredFunctions> {
  const stage = await startWiredStage();
  const { env, table, upstream, asked } = stage;
  const store = createDynamoDbLedgerStore(table.client, table.tableName);
  const proxy = createApp(wireProxy({ ...env, CACHE_TABLE: stage.answersTable }));
  const { admin, sweep } = await loadEntries(env);
  upstream.on(CHAT_PATH, json(CHAT));
  let projects = 0;

  return {
    ...stage,
    store,
    admin,
    sweep,
    async ask(project, { path = '/v1/chat/completions', body = question(), headers = {}, ...more } = {}) {
      const { app = proxy, caller = iam('user/alice') } = more;
      const request = new Request(`https://odd.test${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(project === undefined ? {} : { 'openai-proxy-project': project }),
          ...headers,
        },
        body: JSON.stringify(body),
      });
      const { response, done } = await app(request, caller);
      const text = await response.text();
      await done;
      return { status: response.status, text, cache: response.headers.get('openai-proxy-cache') };
    },
    async newProject(usd = '10', name) {
      projects += 1;
      const project = name ?? `odd-${projects}`;
      const { error } = await admin({ project, limit: usd });
      if (error !== undefined) throw new Error(JSON.stringify(error));
      return project;
    },
    async entriesOf(project) {
      const entries: CallEntry[] = [];
      for await (const entry of store.calls(project, periodKey('day', Date.now()))) entries.unshift(entry);
      return entries;
    },
    async itemsOf(name, prefix) {
      const { Items = [] } = await table.client.send(new ScanCommand({ TableName: name }));
      return Items.filter(({ pk, key }) => (pk?.S ?? key?.S ?? '').startsWith(prefix)) as Item[];
    },
    async askedDuring(work) {
      const before = asked.length;
      await work();
      return asked.slice(before);
    },
    gate() {
      const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      upstream.on(CHAT_PATH, async (request, response) => {
        reached.resolve();
        await opened.promise;
        await json(CHAT)(request, response);
      });
      return { asked: reached.promise, open: () => opened.resolve() };
    },
  };
}

/** Imports the entries of admin and sweep, which wire themselves from the environment of their process. */
async function loadEntries(env: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.resetModules();
  const { handler: runAdmin } = await import('../../functions/admin/handler.ts');
  const { handler: runSweep } = await import('../../functions/sweep/handler.ts');
  const context = {
    invokedFunctionArn: `arn:aws:lambda:eu-north-7:${ACCOUNT}:function:openai-admin-odd-stage`,
    awsRequestId: 'request-1',
  } as Parameters<typeof runAdmin>[1];
  return {
    admin: async (payload: object): Promise<Reply> => ({ ...(await runAdmin(payload, context)) }),
    sweep: async (event: object): Promise<Reply> => ({ ...(await runSweep(event)) }),
  };
}

/** The one entry of a project. */
export async function entryOf({ entriesOf }: WiredFunctions, project: string): Promise<CallEntry> {
  const [entry, ...others] = await entriesOf(project);
  if (entry === undefined || others.length > 0) throw new Error(`${others.length + 1} entries, or none`);
  return entry;
}

/** The time-outs that are set during some work, in milliseconds. */
export async function timeoutsDuring(work: () => Promise<unknown>) {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const signals = vi.spyOn(AbortSignal, 'timeout');
  try {
    await work();
    return {
      timers: timers.mock.calls.map(([, milliseconds]) => milliseconds),
      signals: signals.mock.calls.map(([milliseconds]) => milliseconds),
    };
  } finally {
    timers.mockRestore();
    signals.mockRestore();
  }
}

/** From now on it is so much later, for everybody but timers. */
export function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

/** Whom these requests asked, and in which region: each service once. */
export function servicesIn(asked: readonly AwsRequest[]): string[] {
  return [...new Set(asked.map(({ service, region }) => `${service} in ${region}`))].sort();
}
