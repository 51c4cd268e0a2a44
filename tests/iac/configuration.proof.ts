import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../local/services.ts';
import { packagesDir } from './support/packages.ts';
import { run } from './support/run.ts';
import { openWorkspace, type Workspace } from './support/terraform.ts';

/** Terraform's own checks, without AWS. */
describe.skipIf(!isInstalled('terraform'))('the Terraform configuration', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace({});
  });
  afterAll(() => workspace?.remove());

  it('is formatted as Terraform formats it', async () => {
    const { code, output } = await run(['terraform', 'fmt', '-check', '-recursive', 'iac']);
    expect(output).toBe('');
    expect(code).toBe(0);
  });

  it('is valid', async () => {
    const { stdout } = await workspace.terraform(['validate', '-json']);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, error_count: 0, warning_count: 0 });
  });

  it('passes its own tests, with a mocked AWS', async () => {
    const packages = `-var=packages_dir=${packagesDir()}`;
    const { output } = await workspace.terraform(['test', '-no-color', packages]);
    expect(output).toMatch(/Success! \d+ passed, 0 failed\./);
  });
});
