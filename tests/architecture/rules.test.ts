import { describe, expect, it } from 'vitest';
import { modelsAreToldByTheirPrices } from './model-names.ts';
import {
  bundlesAreLean,
  coreIsPure,
  environmentIsReadAtTheEdge,
  everyFileHasALayer,
  exportsAreDocumented,
  filesAreShort,
  importsPointOneWay,
  noCycles,
  type Rule,
} from './rules.ts';
import { sourceOf } from './sources.ts';

/** Applies a rule to files given as path and text. */
function breaches(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  return rule(Object.entries(files).map(([path, text]) => sourceOf(path, text)));
}

describe('imports are found', () => {
  const targets = (text: string) => sourceOf('shared/aws/a.ts', text).imports.map(({ target }) => target);

  it('in every form', () => {
    const text = [
      "import './side-effect.ts';",
      "import type { A } from '../core/a.ts';",
      'import {\n  b,\n  type C,\n} from "zod";',
      "export { d } from './d.ts';",
      "export * from './e.ts';",
      "const f = await import('node:fs');",
      "const g = createRequire(import.meta.url)('dynalite');",
    ].join('\n');
    expect(targets(text).sort()).toEqual(
      [
        'dynalite',
        'node:fs',
        'shared/aws/d.ts',
        'shared/aws/e.ts',
        'shared/aws/side-effect.ts',
        'shared/core/a.ts',
        'zod',
      ].sort(),
    );
  });

  it('but not in comments, and type imports are told apart', () => {
    expect(targets("// import './a.ts';\n/* import './b.ts'; */")).toEqual([]);
    const [erased, kept] = sourceOf(
      'a.ts',
      "import type { A } from './a.ts';\nimport { type B } from './b.ts';",
    ).imports;
    expect([erased?.typeOnly, kept?.typeOnly]).toEqual([true, false]);
  });
});

describe('imports that point the wrong way are reported', () => {
  it.each([
    ['shared/core/a.ts', '../ports/clock.ts'],
    ['shared/core/a.ts', 'zod'],
    ['shared/core/a.ts', 'node:fs'],
    ['shared/ports/a.ts', '../aws/table.ts'],
    ['shared/ledger/a.ts', '../memory/memory-cache.ts'],
    ['shared/cache/a.ts', '../ledger/ledger.ts'],
    ['shared/aws/a.ts', '../openai/http-upstream.ts'],
    ['shared/aws/a.ts', '../wire.ts'],
    ['shared/config.ts', './wire.ts'],
    ['shared/helper.ts', './aws/table.ts'],
    ['functions/proxy/app.ts', '../../shared/aws/table.ts'],
    ['functions/proxy/app.ts', '../../prices/load.ts'],
    ['functions/proxy/app.ts', '../admin/app.ts'],
    ['functions/proxy/app.ts', '../../local/http.ts'],
    ['functions/sweep/handler.ts', '../../shared/memory/memory-cache.ts'],
    ['shared/wire.ts', '../prices/overlay.ts'],
    ['prices/a.ts', '../shared/aws/table.ts'],
    ['client/a.ts', '../shared/core/money.ts'],
    ['local/a.ts', '../tests/support/b.ts'],
    ['iac/build.ts', '../shared/wire.ts'],
    ['shared/aws/a.ts', '../../iac/build/bundle.ts'],
  ])('%s -> %s', (path, specifier) => {
    const [breach, ...more] = breaches(importsPointOneWay, { [path]: `import { x } from '${specifier}';` });
    expect(breach).toMatch(/imports .* may not, because /);
    expect(more).toEqual([]);
  });

  it.each([
    ['shared/core/a.ts', './money.ts'],
    ['shared/core/a.ts', 'node:crypto'],
    ['shared/aws/a.ts', '@aws-sdk/client-dynamodb'],
    ['shared/wire.ts', './aws/table.ts'],
    ['shared/wire.ts', '../prices/load.ts'],
    ['functions/proxy/handler.ts', '../../shared/wire.ts'],
    ['functions/proxy/app.ts', '../../shared/ledger/ledger.ts'],
    ['local/a.ts', '../functions/proxy/handler.ts'],
    ['local/a.ts', '../iac/build/bundle.ts'],
    ['iac/build.ts', './build/bundle.ts'],
  ])('%s -> %s is fine', (path, specifier) => {
    expect(breaches(importsPointOneWay, { [path]: `import { x } from '${specifier}';` })).toEqual([]);
  });
});

describe('other breaches are reported', () => {
  it('a file in a folder that nobody knows', () => {
    expect(
      breaches(everyFileHasALayer, { 'functions/unknown/a.ts': '', 'shared/core/a.ts': '' }),
    ).toHaveLength(1);
  });

  it('a cycle, with its way', () => {
    const files = {
      'shared/core/a.ts': "import { b } from './b.ts';",
      'shared/core/b.ts': "import type { c } from './c.ts';",
      'shared/core/c.ts': "export * from './a.ts';",
      'shared/core/d.ts': "import { a } from './a.ts';",
    };
    const [cycle, ...more] = breaches(noCycles, files);
    expect(cycle).toContain('shared/core/a.ts -> shared/core/b.ts -> shared/core/c.ts -> shared/core/a.ts');
    expect(more).toEqual([]);
  });

  it('two files that share a third are no cycle', () => {
    const files = { 'a.ts': "import './b.ts';\nimport './c.ts';", 'b.ts': "import './c.ts';", 'c.ts': '' };
    expect(breaches(noCycles, files)).toEqual([]);
  });

  it('a development package that a function reaches, but not its types', () => {
    const rule = bundlesAreLean(['zod']);
    const entry = { 'functions/proxy/handler.ts': "import { a } from '../../shared/a.ts';" };
    for (const bad of [
      'openai',
      'dynalite',
      'zodiac',
      '../local/http.ts',
      '../tests/a.ts',
      '../prices/update.ts',
    ]) {
      expect(breaches(rule, { ...entry, 'shared/a.ts': `import { b } from '${bad}';` }), bad).toHaveLength(1);
    }
    for (const good of ['zod', 'zod/mini', 'node:http', '../prices/load.ts']) {
      expect(breaches(rule, { ...entry, 'shared/a.ts': `import { b } from '${good}';` }), good).toEqual([]);
    }
    expect(breaches(rule, { ...entry, 'shared/a.ts': "import type { b } from 'openai';" })).toEqual([]);
  });

  it('a file that is too long, sooner in the product than in the tests', () => {
    const lines = (count: number) => 'x;\n'.repeat(count);
    expect(breaches(filesAreShort, { 'shared/a.ts': lines(250), 'tests/a.ts': lines(500) })).toEqual([]);
    expect(breaches(filesAreShort, { 'shared/a.ts': lines(251), 'tests/a.ts': lines(501) })).toHaveLength(2);
  });

  it('an exported function without a docstring, unless it is short', () => {
    const long = `function name() {\n${'  work();\n'.repeat(4)}}\n`;
    const short = `function name() {\n${'  work();\n'.repeat(3)}}\n`;
    const files = {
      'shared/a.ts': `const a = 1;\n\nexport async ${long}`,
      'shared/b.ts': `/** Why. */\nexport ${long}`,
      'shared/c.ts': `\nexport ${short}\n${long}`,
      'shared/d.ts': `\n${long}`,
    };
    const [breach, ...more] = breaches(exportsAreDocumented, files);
    expect(breach).toContain('shared/a.ts: name has no docstring');
    expect(more).toEqual([]);
  });

  it('reading the environment away from the edge', () => {
    const reads = 'const home = process.env.HOME;';
    const imports = "import { env } from 'node:process';";
    expect(
      breaches(environmentIsReadAtTheEdge, { 'shared/a.ts': reads, 'functions/proxy/b.ts': imports }),
    ).toHaveLength(2);
    expect(
      breaches(environmentIsReadAtTheEdge, { 'functions/proxy/handler.ts': reads, 'local/a.ts': reads }),
    ).toEqual([]);
    expect(breaches(environmentIsReadAtTheEdge, { 'shared/a.ts': '// process.env' })).toEqual([]);
  });

  describe('a model that is known by its name', () => {
    const rule = modelsAreToldByTheirPrices([
      'gpt-4o',
      'gpt-4o-search-preview',
      'o3',
      'tts-1',
      'gpt-image-2',
    ]);
    const inCore = (code: string) => breaches(rule, { 'shared/core/a.ts': code });

    it.each([
      "const DEFAULT = 'gpt-image-2';",
      "if (model === 'o3') return 1;",
      'return /-search-/.test(model);',
      'const FAMILIES = /^(gpt-4|davinci)/;',
      'const SPEAKS = /^tts-1(-|$)/i;',
      "model.startsWith('gpt')",
      "model.includes('-search')",
      "model.endsWith('preview')",
      "new RegExp('^o\\d')",
      "const rows = { 'gpt-4o': 1 };",
      "const dated = 'gpt-4o-2030-01-01';",
    ])('%s', (code) => {
      expect(inCore(code)).toHaveLength(1);
      expect(breaches(rule, { 'functions/proxy/a.ts': code })).toHaveLength(1);
      expect(breaches(rule, { 'prices/overlay/a.ts': code, 'tests/a.ts': code })).toEqual([]);
    });

    it.each([
      '// such as gpt-4o, or /^gpt/',
      "const SAYS = 'must be the id of a model, such as gpt-4o';",
      'const ID = /^[a-z0-9.-]+$/;',
      'const HEX = /[0-9a-f]{2}/;',
      "listOf(body['modalities']).includes('audio')",
      "type.startsWith('response.audio.')",
      "path.startsWith('/v1/')",
    ])('but not %s', (code) => {
      expect(inCore(code)).toEqual([]);
    });
  });

  it.each([
    'Date.now()',
    'new Date()',
    'Math.random()',
    'performance.now()',
    'randomBytes(8)',
    'setTimeout(f, 1)',
    'fetch(url)',
    'console.log(1)',
    'process.exit()',
  ])('%s in the core', (code) => {
    expect(breaches(coreIsPure, { 'shared/core/a.ts': `const a = ${code};` })).toHaveLength(1);
    expect(breaches(coreIsPure, { 'shared/aws/a.ts': `const a = ${code};` })).toEqual([]);
    expect(breaches(coreIsPure, { 'shared/core/a.ts': `// ${code}` })).toEqual([]);
  });

  it('but not a date that is given', () => {
    expect(breaches(coreIsPure, { 'shared/core/a.ts': 'new Date(start).getUTCDay();' })).toEqual([]);
  });
});
