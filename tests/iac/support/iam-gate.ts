import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Asked, allows, askedBy, type Policy } from './iam.ts';

export interface IamGate {
  readonly url: string;
  /** From now on a role, which the access key of a signature names, may do what its policies allow. */
  enforce(roles: Readonly<Record<string, readonly Policy[]>>): void;
  /** What was asked and allowed since then, by role. */
  readonly used: ReadonlyMap<string, ReadonlySet<string>>;
  readonly denied: readonly (Asked & { readonly role: string })[];
  close(): void;
}

/** Stands before an emulator that knows no permissions, and enforces them for it. At first it lets everything pass. */
export async function startIamGate(target: string): Promise<IamGate> {
  const used = new Map<string, Set<string>>();
  const denied: (Asked & { role: string })[] = [];
  let roles: Readonly<Record<string, readonly Policy[]>> | undefined;

  async function answer(request: IncomingMessage) {
    const body = new Uint8Array(await bodyOf(request));
    const headers = headersOf(request);
    const role = /Credential=([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
    for (const asked of askedBy(headers['x-amz-target'], new TextDecoder().decode(body))) {
      if (roles === undefined) continue;
      if (!allows(roles[role] ?? [], asked)) {
        denied.push({ role, ...asked });
        return denial(role, asked);
      }
      used.set(role, (used.get(role) ?? new Set()).add(`${asked.action} ${asked.resource}`));
    }
    const { host: _, 'content-length': __, connection: ___, ...sent } = headers;
    const reply = await fetch(new URL(request.url ?? '/', target), { method: 'POST', headers: sent, body });
    const type = reply.headers.get('content-type') ?? 'application/x-amz-json-1.0';
    return { status: reply.status, type, body: Buffer.from(await reply.arrayBuffer()) };
  }

  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer(request);
    response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    enforce(policies) {
      roles = policies;
    },
    used,
    denied,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function denial(role: string, { action, resource }: Asked) {
  const message = `User: ${role} is not authorized to perform: ${action} on resource: ${resource}`;
  const body = Buffer.from(
    JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message }),
  );
  return { status: 400, type: 'application/x-amz-json-1.0', body };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
