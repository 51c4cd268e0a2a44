import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Body, type Operation, operationOf } from './ledger-steps.ts';

export type { Operation, Step } from './ledger-steps.ts';

/** What happens to one request on its way to DynamoDB and back. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Refused as too much: nothing was done. */
  | {
      readonly kind: 'throttle';
      readonly name?: 'ThrottlingException' | 'ProvisionedThroughputExceededException';
    }
  /** A 5xx; DynamoDB then may or may not have made the change. */
  | { readonly kind: 'error'; readonly status?: 500 | 503; readonly effect: 'none' | 'made' }
  /** The connection breaks before the request reaches DynamoDB, or after the change and before its answer. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /**
   * The connection breaks at once, and the request arrives all the same: when `release` is called. For a client, this
   * is a time-out without the wait.
   */
  | { readonly kind: 'late' }
  /** The request, or its answer, is late. A late request arrives also when nobody waits for its answer any more. */
  | { readonly kind: 'delay'; readonly when: 'before' | 'after'; readonly ms: number }
  /** As late as `release` is called; or, with `lost`, never delivered at all. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after'; readonly lost?: boolean }
  /** Says that the condition failed, whatever the item says. Nothing was done. */
  | { readonly kind: 'condition' };

/** Decides about every request. Whoever awaits something in a hook holds the request up at exactly that point. */
export interface FaultScript {
  /** Before the request goes to DynamoDB. */
  before?(operation: Operation): Fault | undefined | Promise<Fault | undefined>;
  /** After DynamoDB answered, before the answer goes back. */
  after?(operation: Operation, status: number): void | Promise<void>;
}

export interface FaultProxy {
  /** Where a DynamoDB client connects. */
  readonly endpoint: string;
  /** Decides from now on by this script; without one, everything passes. */
  script(script?: FaultScript): void;
  /**
   * Lets go of everything that hangs, or of what hangs for one table: late requests go on to DynamoDB, late answers to
   * whoever still waits.
   */
  release(table?: string): void;
  /** How many requests hang. */
  hanging(table?: string): number;
  /** Ends when no request, or none for one table, is under way; those that hang do not count. */
  idle(table?: string): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/**
 * Stands between a DynamoDB client and a DynamoDB endpoint, and lets a script spoil each request by what Farebox is
 * doing with it. Conditional writes that fail return the item where they ask for it, as DynamoDB does and the
 * emulator does not, unless `returnOld` is `false`.
 */
export async function startFaultProxy(
  target: string,
  options: { readonly returnOld?: boolean } = {},
): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const gate = createGate();
  let current: FaultScript = {};
  let count = 0;
  const under = new Set<Operation>();

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const raw = await bodyOf(incoming);
    const headers = headersOf(incoming);
    const operation = operationOf(
      ++count,
      headers['x-amz-target'] ?? '',
      JSON.parse(raw.toString('utf8')) as Body,
    );
    under.add(operation);
    try {
      await pass(operation, headers, raw, outgoing);
    } finally {
      under.delete(operation);
    }
  }

  async function pass(
    operation: Operation,
    headers: Record<string, string>,
    raw: Buffer,
    outgoing: ServerResponse,
  ): Promise<void> {
    const send = async () => {
      const answer = await forward(target, agent, headers, raw);
      return options.returnOld === false
        ? answer
        : withOld(answer, operation, (body, name) =>
            forward(target, agent, { ...headers, 'x-amz-target': name }, body),
          );
    };
    const { before, after } = current;
    const fault = (await before?.(operation)) ?? { kind: 'pass' };
    const answer = await spoil(fault, {
      released: () => gate.pass(operation),
      cut: () => void outgoing.destroy(),
      send: async () => {
        const given = await send();
        await after?.(operation, given.status);
        return given;
      },
    });
    if (answer === undefined || outgoing.destroyed) outgoing.destroy();
    else outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  // An idle connection that is closed just when a request comes would be a fault of nobody's script.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script: (script = {}) => {
      current = script;
    },
    release: gate.open,
    hanging: gate.waiting,
    async idle(table) {
      const isBusy = () => [...under].filter(of(table)).length > gate.waiting(table);
      // What was sent may not have been read yet: quiet is to be quiet for a while.
      for (let quiet = 0; quiet < 5; quiet = isBusy() ? 0 : quiet + 1) await sleep(2);
    },
    async close() {
      gate.open();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}

/** The way of one request. */
interface Way {
  readonly send: () => Promise<Answer>;
  readonly released: () => Promise<void>;
  readonly cut: () => void;
}

/** Carries a fault out. `undefined`: the connection breaks without an answer. */
async function spoil(fault: Fault, { send, released, cut }: Way): Promise<Answer | undefined> {
  switch (fault.kind) {
    case 'pass':
      return send();
    case 'throttle':
      return refusal(400, fault.name ?? 'ThrottlingException');
    case 'condition':
      return refusal(400, 'ConditionalCheckFailedException');
    case 'error':
      if (fault.effect === 'made') await send();
      return refusal(fault.status ?? 500, 'InternalServerError');
    case 'drop':
      if (fault.when === 'after') await send();
      return undefined;
    case 'late':
      cut();
      await released();
      return send();
    case 'delay':
      return late(fault.when, () => sleep(fault.ms), send);
    case 'hang':
      if (fault.lost !== true) return late(fault.when, released, send);
      if (fault.when === 'after') await send();
      await released();
      return undefined;
  }
}

async function late(when: 'before' | 'after', wait: () => Promise<void>, send: () => Promise<Answer>) {
  if (when === 'before') await wait();
  const answer = await send();
  if (when === 'after') await wait();
  return answer;
}

function createGate() {
  const waiting = new Map<() => void, Operation>();
  return {
    waiting: (table?: string) => [...waiting.values()].filter(of(table)).length,
    pass: (operation: Operation) => new Promise<void>((go) => waiting.set(go, operation)),
    open(table?: string) {
      for (const [go, operation] of waiting) {
        if (!of(table)(operation)) continue;
        waiting.delete(go);
        go();
      }
    },
  };
}

function of(table: string | undefined): (operation: Operation) => boolean {
  return (operation) => table === undefined || operation.table === table;
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
function refusal(status: number, name: string): Answer {
  const namespace =
    name === 'ThrottlingException' ? 'com.amazon.coral.availability' : 'com.amazonaws.dynamodb.v20120810';
  const body = JSON.stringify({ __type: `${namespace}#${name}`, message: 'spoiled by the test' });
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(body) };
}

/** Adds the old item to a failed condition, where the request asks for it. */
async function withOld(
  answer: Answer,
  { body }: Operation,
  ask: (body: Buffer, target: string) => Promise<Answer>,
): Promise<Answer> {
  const wanted = body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
  if (answer.status !== 400 || !wanted || !answer.body.includes('ConditionalCheckFailed')) return answer;
  const get = { TableName: body.TableName, Key: body.Key, ConsistentRead: true };
  const found = await ask(Buffer.from(JSON.stringify(get)), 'DynamoDB_20120810.GetItem');
  const { Item } = JSON.parse(found.body.toString('utf8')) as { Item?: unknown };
  const failed = {
    ...(JSON.parse(answer.body.toString('utf8')) as object),
    ...(Item === undefined ? {} : { Item }),
  };
  const { 'x-amz-crc32': _, ...headers } = answer.headers;
  return { ...answer, headers, body: Buffer.from(JSON.stringify(failed)) };
}

async function forward(
  target: string,
  agent: Agent,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Answer> {
  const outgoing = request(target, {
    method: 'POST',
    agent,
    headers: { ...headers, 'content-length': body.length },
  });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const answered = await bodyOf(incoming);
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = headersOf(incoming);
  return { status: incoming.statusCode ?? 500, headers: kept, body: answered };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function headersOf(message: IncomingMessage): Record<string, string> {
  const entries = Object.entries(message.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
