import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../functions/admin/commands/index.ts';
import { tableDefinition } from '../../shared/aws/table.ts';
import { readProxyConfig } from '../../shared/config.ts';
import { ALARMS } from '../../shared/ports/log.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/* What Terraform and the code must agree on; these need no Terraform. */
describe('the Terraform configuration', () => {
  it('has an alarm for each that the code raises, and for no other', () => {
    const [, bounds = ''] = /alarm_bounds = \{([\s\S]*?)\n {2}\}/.exec(read('iac/alarms.tf')) ?? [];
    const names = [...bounds.matchAll(/^ {4}(\w+) += \{/gm)].map(([, name]) => name);
    expect(names.toSorted()).toEqual([...ALARMS]);
  });

  it('tells who hears of calls for models without a price what serves them', () => {
    const [, advice = ''] = /alarm_advice = \{([\s\S]*?)\n {2}\}/.exec(read('iac/alarms.tf')) ?? [];
    const names = [...advice.matchAll(/^ {4}(\w+) = "/gm)].map(([, name]) => name);
    expect(names).toEqual(['model_unpriced']);
    const commands = COMMANDS.map(({ name }) => name);
    for (const command of ['unpriced', 'set-price']) {
      expect(commands).toContain(command);
      expect(advice).toContain(command);
    }
  });

  it('makes the table with the keys that the code uses', () => {
    const { AttributeDefinitions = [] } = tableDefinition('any');
    const table = read('iac/table.tf');
    for (const { AttributeName } of AttributeDefinitions) expect(table).toContain(`"${AttributeName}"`);
  });

  it('lets a stage set only what the code knows, and what docs/configuration.md tells of', () => {
    const [, list = ''] = /contains\(\[\s*("LOG_LEVEL"[\s\S]*?)\], name\)/.exec(read('iac/stages.tf')) ?? [];
    const names = [...list.matchAll(/"(\w+)"/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    const known = Object.keys(
      readProxyConfig({
        STAGE: 'dev',
        TABLE_NAME: 'books',
        AWS_REGION: 'us-east-1',
        OPENAI_SECRET_ARN: 'secret',
        OPENAI_REGIONAL: '1',
        CACHE_OPERATION_MS: '60',
      }),
    );
    const described = read('docs/configuration.md');
    for (const name of names) {
      expect(known).toContain(name);
      expect(described).toContain(`\`${name}\``);
    }
  });

  it('sets variables that docs/configuration.md tells of', () => {
    const files = ['locals', 'proxy', 'alerts'].map((name) => read(`iac/${name}.tf`)).join('\n');
    const names = [...files.matchAll(/^ +([A-Z][A-Z_]{3,}) += /gm)].map(([, name]) => name);
    expect(new Set(names)).toContain('CACHE_TABLE');
    const described = read('docs/configuration.md');
    for (const name of names) expect(described).toContain(`\`${name}\``);
  });
});
