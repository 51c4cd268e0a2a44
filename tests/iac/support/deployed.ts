import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { people, REGION } from '../../../local/principals.ts';
import { startStageHost } from '../../../local/stage-host.ts';
import { createSupervisor } from '../../../local/supervisor.ts';
import { signedFetch } from '../../support/signed-fetch.ts';
import type { Emulator } from './emulator.ts';
import { type Policy, policyOf } from './iam.ts';
import { run } from './run.ts';
import type { Resource } from './terraform.ts';

const NAMES = ['proxy', 'admin', 'sweep'] as const;
type Name = (typeof NAMES)[number];

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
/** A function that nobody invokes. */
const UNUSED = fileURLToPath(new URL('../../fixtures/echo-admin.ts', import.meta.url));

const FUNCTION = z.object({
  function_name: z.string(),
  environment: z.array(z.object({ variables: z.record(z.string(), z.string()) })),
});

export interface DeployedFunction {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What Terraform made, as far as the functions are concerned. */
export interface Deployed {
  readonly functions: readonly DeployedFunction[];
  /** The text of the policies of a stage's functions; of one of them where it is named. */
  policies(stage: string, name?: Name): string[];
}

export function readDeployed(resources: readonly Resource[]): Deployed {
  const functions = resources
    .filter(({ type }) => type === 'aws_lambda_function')
    .map(({ values }) => FUNCTION.parse(values))
    .map(({ function_name: name, environment: [first] }) => ({ name, environment: first?.variables ?? {} }));
  return {
    functions,
    policies: (stage, name) =>
      resources
        .filter(({ type, index }) => type === 'aws_iam_role_policy' && index === stage)
        .filter((resource) => name === undefined || resource.name.startsWith(`${name}_`))
        .map(({ values }) => z.string().parse(values['policy'])),
  };
}

/** The stage `dev`, running: its built functions, each with the environment and the permissions that it was deployed with. */
export interface RunningStage {
  admin(command: object): Promise<unknown>;
  sweep(event: object): Promise<unknown>;
  ask(
    project: string,
    body: object,
  ): Promise<{ status: number; headers: Record<string, string>; body: unknown }>;
  /** Permissions on the books, the answers, the secret and the topic that no function made use of. */
  unusedPermissions(): string[];
  denied(): unknown[];
  close(): Promise<void>;
}

/** @param packages the folder of the zips */
export async function runStage(
  deployed: Deployed,
  emulator: Emulator,
  packages: string,
): Promise<RunningStage> {
  const { gate, url } = emulator;
  const policies = Object.fromEntries(
    NAMES.map((name) => [roleOf(name), deployed.policies('dev', name).map(policyOf)]),
  );
  gate.enforce(policies);
  const proxy = await runProxy(deployed, gate.url, packages);
  const lambda = new LambdaClient({ region: REGION, endpoint: url, credentials: CREDENTIALS });
  const invoke = async (name: Name, payload: object) => {
    const command = new InvokeCommand({
      FunctionName: `openai-${name}-dev`,
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    const { FunctionError, Payload = [] } = await lambda.send(command);
    const text = Buffer.from(Payload).toString();
    if (FunctionError !== undefined) throw new Error(`the ${name} failed: ${text}`);
    return JSON.parse(text) as unknown;
  };
  return {
    admin: (command) => invoke('admin', command),
    sweep: (event) => invoke('sweep', event),
    ask: proxy.ask,
    unusedPermissions: () =>
      NAMES.flatMap((name) =>
        permissionsIn(policies[roleOf(name)] ?? [])
          .filter((permission) => !gate.used.get(roleOf(name))?.has(permission))
          .map((permission) => `${name}: ${permission}`),
      ),
    denied: () => [...gate.denied],
    close: () => proxy.close(),
  };
}

/** Runs the built proxy behind a function URL: the emulator serves none. */
async function runProxy(deployed: Deployed, endpoint: string, packages: string) {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-proxy-'));
  const { code, output } = await run(['python3', '-m', 'zipfile', '-e', join(packages, 'proxy.zip'), folder]);
  if (code !== 0) throw new Error(`proxy.zip cannot be unpacked: ${output}`);
  const supervisor = createSupervisor((name, line) => {
    if (/"level":"(WARN|ERROR)"|Error:/.test(line)) console.log(`${name}: ${line.slice(0, 500)}`);
  });
  const persons = people('proof');
  const host = startStageHost(supervisor, {
    stage: 'dev',
    port: 0,
    modules: { proxy: join(folder, 'index.mjs'), admin: UNUSED, sweep: UNUSED },
    principals: Object.values(persons),
    env: {
      ...deployed.functions.find(({ name }) => name === 'openai-proxy-dev')?.environment,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: roleOf('proxy'),
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: endpoint,
    },
  });
  const failed = supervisor.failed.then((reason) => {
    throw new Error(reason);
  });
  const { proxyUrl } = await Promise.race([host, failed]);
  failed.catch(() => undefined);
  const asDeveloper = signedFetch(persons.developer);
  return {
    async ask(project: string, body: object) {
      const response = await asDeveloper(`${proxyUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'openai-proxy-project': project },
        body: JSON.stringify(body),
      });
      const answered: unknown = await response.json();
      return { status: response.status, headers: Object.fromEntries(response.headers), body: answered };
    },
    async close() {
      await supervisor.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A role by its name, which the emulator uses as its access key. */
function roleOf(name: Name): string {
  return `openai-${name}-dev-${REGION}`;
}

/** Permissions that a call to the emulator shows: not those to write logs, or to send dead letters. */
function permissionsIn(policies: readonly Policy[]): string[] {
  return policies.flatMap(({ Statement }) =>
    Statement.flatMap(({ Action, Resource }) =>
      Action.filter((action) => /^(dynamodb|secretsmanager|sns):/.test(action)).flatMap((action) =>
        Resource.map((resource) => `${action} ${resource}`),
      ),
    ),
  );
}
