import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../local/services.ts';
import { startSimulator } from '../../local/simulator/server.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { tableDefinition } from '../../shared/aws/table.ts';
import { ledgerStoreContract } from '../contracts/ledger-store.ts';
import { abandonCall } from './support/abandoned.ts';
import { type Deployed, type RunningStage, readDeployed, runStage } from './support/deployed.ts';
import { type Emulator, startEmulator } from './support/emulator.ts';
import { packagesDir } from './support/packages.ts';
import { emptyTable } from './support/table.ts';
import { openWorkspace, type Workspace } from './support/terraform.ts';

const KEYS = { dev: 'sk-emulated-key-of-dev-0000', prod: 'sk-emulated-key-of-prod-000' };
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const REGION = 'us-east-1';
/** The emulator is slower than DynamoDB, and no fault. */
const PATIENT = { LEDGER_DEADLINE_MS: '60000', CACHE_OPERATION_MS: '10000' };

const canRun = isInstalled('terraform') && isInstalled('moto_server') && isInstalled('python3');

/*
 * Applies the whole configuration to an emulator of AWS, runs the built functions on what it made, and takes it down
 * again. The tests go one after the other, as a deployment's life does.
 */
describe.skipIf(!canRun)('a deployment', () => {
  let emulator: Emulator;
  let simulator: Awaited<ReturnType<typeof startSimulator>>;
  let workspace: Workspace;
  let deployed: Deployed;
  let stage: RunningStage;
  let dynamodb: DynamoDBClient;

  const settings = () => ({
    packages_dir: packagesDir(),
    deletion_protection: true,
    stages: {
      dev: {
        openai_base_url: simulator.url,
        limits: { month: '25.5' },
        budget_thresholds: [1],
        alert_emails: ['ops@example.com'],
        settings: PATIENT,
      },
      prod: { openai_organization: 'org-emulated', trusted_callers: ['role/app'], settings: PATIENT },
    },
  });

  beforeAll(async () => {
    [emulator, simulator] = await Promise.all([
      startEmulator(),
      startSimulator({ port: 0, apiKey: KEYS.dev }),
    ]);
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    workspace = await openWorkspace({
      ...credentials,
      AWS_ENDPOINT_URL: emulator.url,
      TF_VAR_openai_keys: JSON.stringify(KEYS),
    });
    dynamodb = new DynamoDBClient({ region: REGION, endpoint: emulator.url, credentials: CREDENTIALS });
  });
  afterAll(async () => {
    await stage?.close();
    workspace?.remove();
    await simulator?.close();
    await emulator?.close();
  });

  it('is applied from nothing', async () => {
    await workspace.apply(settings());
    deployed = readDeployed(await workspace.resources());
    expect(deployed.functions.map(({ name }) => name).toSorted()).toEqual(
      ['proxy', 'admin', 'sweep'].flatMap((name) => [`openai-${name}-dev`, `openai-${name}-prod`]).toSorted(),
    );
  });

  it('is then as it should be: a second plan changes nothing', async () => {
    expect(await workspace.changes(settings())).toEqual({});
  });

  it('keeps the OpenAI keys in Secrets Manager alone', async () => {
    for (const key of Object.values(KEYS)) {
      expect(workspace.state()).not.toContain(key);
      expect(JSON.stringify(deployed.functions.map(({ environment }) => environment))).not.toContain(key);
    }
  });

  it('has the table that the code expects', async () => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'farebox-dev' }));
    const wanted = tableDefinition('farebox-dev');
    expect(Table?.KeySchema).toEqual(wanted.KeySchema);
    expect(Table?.GlobalSecondaryIndexes).toMatchObject(wanted.GlobalSecondaryIndexes ?? []);
    expect(Table?.DeletionProtectionEnabled).toBe(true);
  });

  it('has the limit that its settings name, set by the deployed admin itself', async () => {
    const lambda = new LambdaClient({ region: REGION, endpoint: emulator.url, credentials: CREDENTIALS });
    const asked = new InvokeCommand({
      FunctionName: 'openai-admin-dev',
      Payload: Buffer.from(JSON.stringify({ command: 'list-limits' })),
    });
    const { Payload } = await lambda.send(asked);
    expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toMatchObject({
      limits: [{ project: null, user: null, model: null, period: 'month', limit: '25.5' }],
    });
  });

  it('serves a call with the permissions that it has, from the URL to the books', async () => {
    stage = await runStage(deployed, emulator, packagesDir());
    expect(await stage.admin({ command: 'create-project', project: 'demo' })).toMatchObject({
      project: 'demo',
    });
    expect(await stage.admin({ command: 'set-limit', project: 'demo', limit: '0.001' })).toMatchObject({
      limit: '0.001',
    });

    const question = {
      model: 'gpt-4o-mini',
      max_completion_tokens: 100,
      messages: [{ role: 'user', content: 'Why is the sky blue?' }],
    };
    const first = await stage.ask('demo', question);
    expect(first.status).toBe(200);
    expect(first.headers['openai-proxy-cache']).toBe('miss');

    const again = await stage.ask('demo', question);
    expect(again).toMatchObject({ status: 200, body: first.body, headers: { 'openai-proxy-cache': 'hit' } });

    const usage = await stage.admin({ command: 'usage', project: 'demo' });
    expect(usage).toMatchObject({ total: { calls: 2, cost: first.headers['openai-proxy-cost'] } });
  });

  it('sweeps, in depth too, with the permissions that the sweep has', async () => {
    await abandonCall(dynamodb, 'farebox-dev', 'demo');
    expect(await stage.sweep({})).toMatchObject({ unsettled: 1, voided: 0 });
    expect(await stage.sweep({ deep: true })).toMatchObject({ strays: 0 });
  });

  it('audits the books with the permissions that the admin has', async () => {
    expect(await stage.admin({ command: 'audit' })).toMatchObject({ differences: [] });
    const price = { model: 'gpt-6.2-luna', from: '2026-11-21', by: 'alice' };
    const rates = { default: { input: '0.2', output: '1' } };
    const source = 'https://developers.openai.com/api/docs/models/gpt-6.2-luna';
    const set = { command: 'set-price', ...price, like: 'gpt-4o-mini', source, rates, allow_missing: true };
    expect(await stage.admin(set)).toMatchObject({ in_force_within_seconds: expect.any(Number) });
    expect(await stage.admin({ command: 'remove-price', ...price })).toMatchObject({
      removed: expect.anything(),
    });
  });

  it('lets no function do more than it needs', async () => {
    expect(stage.denied()).toEqual([]);
    // What only rarer calls need: a stored object that is deleted or looked after, an alert that a sweep finds.
    const rare = [/DeleteItem/, /^sweep: .*(PutItem|GetSecretValue|Publish)/];
    expect(stage.unusedPermissions().filter((unused) => !rare.some((kind) => kind.test(unused)))).toEqual([]);
  });

  it('lets no function of one stage touch the other', () => {
    expect(deployed.policies('dev').filter((text) => /-prod|\/prod/.test(text))).toEqual([]);
    expect(deployed.policies('prod').filter((text) => /-dev|\/dev/.test(text))).toEqual([]);
  });

  describe('with the table that Terraform made', () => {
    ledgerStoreContract('DynamoDB as deployed', async () => {
      await emptyTable(dynamodb, 'farebox-prod');
      return createDynamoDbLedgerStore(dynamodb, 'farebox-prod');
    });
  });

  it('changes what is asked for, and nothing else', async () => {
    const { stages, ...rest } = settings();
    const dev = { ...stages.dev, memory_mb: 1_024 };
    expect(await workspace.changes({ ...rest, stages: { ...stages, dev } }, false)).toEqual({
      'aws_lambda_alias.proxy["dev"]': 'update',
      'aws_lambda_function.proxy["dev"]': 'update',
    });
    const prod = { ...stages.prod, openai_key_version: 2 };
    expect(await workspace.changes({ ...rest, stages: { ...stages, prod } }, false)).toEqual({
      'aws_secretsmanager_secret_version.openai["prod"]': 'create delete',
    });
    expect(await workspace.changes({ ...rest, stages, log_retention_days: 90 }, false)).toEqual(
      Object.fromEntries(
        ['proxy', 'admin', 'sweep'].flatMap((name) =>
          ['dev', 'prod'].map((of) => [`aws_cloudwatch_log_group.${name}["${of}"]`, 'update']),
        ),
      ),
    );
  });

  it('takes a cluster and its network, and is then as it should be', async () => {
    const clustered = { ...settings(), use_elasticache: true };
    // The way that docs/deploy.md tells: the cluster first, then what uses it.
    await workspace.apply(clustered, [
      '-target=aws_elasticache_cluster.answers',
      '-target=aws_security_group.functions',
      '-target=aws_route.to_internet',
    ]);
    await workspace.apply(clustered);
    expect(await workspace.changes(clustered)).toEqual({});
  });

  it('leaves nothing when its tables are protected no more and it is destroyed', async () => {
    const unprotected = {
      ...settings(),
      use_elasticache: true,
      deletion_protection: false,
      secret_recovery_days: 0,
    };
    await workspace.apply(unprotected);
    await workspace.destroy();
    expect(JSON.parse(workspace.state())).toMatchObject({ resources: [] });
  });
});
