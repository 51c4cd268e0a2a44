import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { listen, readRequest } from '../../local/http.ts';
import { type Principal, REGION } from '../../local/principals.ts';
import { verifySignature } from '../../local/sigv4.ts';

const MAX_STS_BYTES = 64_000;

/** What a program needs that reaches a stage by its address on AWS alone, without any setting of an endpoint. */
export interface AwsFront {
  /** For the environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/**
 * Stands where AWS stands: `https://dev.lambda-url.us-east-1.on.aws`, with TLS, leads to a stage on this machine, and STS
 * says who signed. Programs find it as a proxy of their network.
 *
 * @param proxyUrl of the stage
 */
export async function startAwsFront(proxyUrl: string, principals: readonly Principal[]): Promise<AwsFront> {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-front-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = `/CN=dev.lambda-url.${REGION}.on.aws`;
  const names = `subjectAltName=DNS:dev.lambda-url.${REGION}.on.aws`;
  const self = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...self, '-subj', subject, '-addext', names], { stdio: 'ignore' });
  const stage = new URL(proxyUrl);
  const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const upstream = connect(Number(stage.port), stage.hostname);
    socket.on('error', () => upstream.destroy()).pipe(upstream);
    upstream.on('error', () => socket.destroy()).pipe(socket);
  });
  const network = createServer().on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    tls.emit('connection', socket);
  });
  const sts = createSts(principals);
  const [networkPort, stsPort] = [await listen(network, 0), await listen(sts, 0)];
  return {
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${networkPort}`,
      NO_PROXY: '127.0.0.1',
      SSL_CERT_FILE: cert,
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${stsPort}`,
    },
    async stop() {
      for (const server of [network, sts]) server.closeAllConnections();
      await Promise.all([network, sts].map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `GetCallerIdentity` of STS. Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
function createSts(principals: readonly Principal[]): Server {
  return createServer(async (request, response) => {
    const wire = await readRequest(request, MAX_STS_BYTES);
    const signer =
      wire && verifySignature(wire, { region: REGION, service: 'sts', principals, now: Date.now });
    if (signer === undefined || 'kind' in signer) return response.writeHead(403).end();
    response.setHeader('content-type', 'text/xml');
    response.end(
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        `<Arn>${signer.userArn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
  });
}
