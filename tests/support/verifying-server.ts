import { createServer, type Server } from 'node:http';
import { sendAwsError } from '../../local/aws-error.ts';
import { listen, readRequest, type WireRequest } from '../../local/http.ts';
import { type Principal, people, REGION } from '../../local/principals.ts';
import { verifySignature } from '../../local/sigv4.ts';

/** A server that verifies signatures as Lambda's do, and answers what a test says. */
export interface VerifyingServer {
  readonly url: string;
  /** What came with a signature that verifies. */
  readonly taken: readonly WireRequest[];
  close(): Promise<void>;
}

export interface VerifyingOptions {
  /** Who may sign, looked up anew for each request. */
  readonly principals: () => readonly Principal[];
  /** `lambda` where none is named. */
  readonly service?: string;
  /** How far the server's clock is ahead of this machine's, in milliseconds. */
  readonly ahead?: number;
  readonly answer?: (request: WireRequest) => Response;
}

export const PEOPLE = people('the clients of tests');

/** Starts one on loopback. */
export async function startVerifyingServer(options: VerifyingOptions): Promise<VerifyingServer> {
  const taken: WireRequest[] = [];
  const server: Server = createServer(async (request, response) => {
    const wire = await readRequest(request, 64 * 1024 * 1024);
    if (wire === undefined) return response.destroy();
    const now = () => Date.now() + (options.ahead ?? 0);
    response.setHeader('date', new Date(now()).toUTCString());
    const verifier = {
      region: REGION,
      service: options.service ?? 'lambda',
      principals: options.principals(),
      now,
    };
    const signer = verifySignature(wire, verifier);
    if (signer === undefined) return response.writeHead(403).end('unsigned');
    if ('kind' in signer) return sendAwsError(response, signer, 'request-id');
    taken.push(wire);
    const answer = options.answer?.(wire) ?? Response.json({ object: 'list', data: [] });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
    return undefined;
  });
  const port = await listen(server, 0);
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, taken, close };
}
