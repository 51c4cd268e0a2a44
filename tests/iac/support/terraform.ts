import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Ran, run } from './run.ts';

const IAC = fileURLToPath(new URL('../../../iac', import.meta.url));
/** The emulator takes its time for each request, so that more of them at once are faster. */
const PLAIN = ['-input=false', '-no-color', '-parallelism=20'];

const RESOURCE = z.object({
  address: z.string(),
  type: z.string(),
  name: z.string(),
  index: z.union([z.string(), z.number()]).optional(),
  values: z.record(z.string(), z.unknown()),
});
export type Resource = z.infer<typeof RESOURCE>;
const STATE = z.object({ values: z.object({ root_module: z.object({ resources: z.array(RESOURCE) }) }) });
const PLAN = z.object({
  resource_changes: z.array(
    z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }),
  ),
});

export interface Workspace {
  /** Runs Terraform; throws, with what it printed, unless it ends with one of these codes. */
  terraform(args: readonly string[], codes?: readonly number[]): Promise<Ran>;
  /**
   * What a plan with these settings changes, by address: such as `create`, `update`, `delete`.
   *
   * @param refresh whether AWS is asked first what there is, as Terraform does by default
   */
  changes(settings: object, refresh?: boolean): Promise<Record<string, string>>;
  apply(settings: object, more?: readonly string[]): Promise<void>;
  destroy(): Promise<void>;
  resources(): Promise<Resource[]>;
  /** The text of the state. */
  state(): string;
  remove(): void;
}

/** A copy of the configuration in a folder of its own, initialised. */
export async function openWorkspace(env: Readonly<Record<string, string>>): Promise<Workspace> {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-iac-'));
  cpSync(IAC, folder, { recursive: true, filter: (path) => !/\.terraform|\.tfstate|\.tfvars/.test(path) });
  const terraform = async (args: readonly string[], codes: readonly number[] = [0]) => {
    const ran = await run(['terraform', ...args], { cwd: folder, env: { TF_IN_AUTOMATION: '1', ...env } });
    if (ran.code === null || !codes.includes(ran.code))
      throw new Error(`terraform ${args.join(' ')} ended with ${ran.code}:\n${ran.output.slice(-6_000)}`);
    return ran;
  };
  const settle = (settings: object) =>
    writeFileSync(join(folder, 'proof.auto.tfvars.json'), JSON.stringify(settings));
  await terraform(['init', '-input=false', '-no-color']);
  return {
    terraform,
    async changes(settings, refresh = true) {
      settle(settings);
      await terraform(['plan', ...PLAIN, '-out=proof.tfplan', `-refresh=${refresh}`]);
      const { stdout } = await terraform(['show', '-json', 'proof.tfplan']);
      const changed = PLAN.parse(JSON.parse(stdout)).resource_changes.map(
        ({ address, change }) => [address, change.actions.join(' ')] as const,
      );
      return Object.fromEntries(changed.filter(([, action]) => action !== 'no-op' && action !== 'read'));
    },
    async apply(settings, more = []) {
      settle(settings);
      await terraform(['apply', ...PLAIN, '-auto-approve', ...more]);
    },
    async destroy() {
      await terraform(['destroy', ...PLAIN, '-auto-approve']);
    },
    async resources() {
      const { stdout } = await terraform(['show', '-json']);
      return STATE.parse(JSON.parse(stdout)).values.root_module.resources;
    },
    state: () => readFileSync(join(folder, 'terraform.tfstate'), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
