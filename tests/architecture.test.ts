import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTable } from '../prices/schema.ts';
import { modelsAreToldByTheirPrices } from './architecture/model-names.ts';
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
} from './architecture/rules.ts';
import { productionPackages, readSources } from './architecture/sources.ts';

const table = parseTable(JSON.parse(readFileSync(new URL('../prices/table.json', import.meta.url), 'utf8')));
const models = [
  ...table.prices.flatMap(({ model, family }) => [model, family]),
  ...table.refused.map(({ model }) => model),
];

describe('the code keeps its shape', () => {
  const sources = readSources();

  it('and is looked at whole', () => {
    const paths = sources.map(({ path }) => path);
    for (const folder of [
      'shared/core/',
      'shared/ports/',
      'functions/proxy/',
      'prices/',
      'local/',
      'tests/',
    ]) {
      expect(
        paths.some((path) => path.startsWith(folder)),
        folder,
      ).toBe(true);
    }
  });

  it.each<[string, Rule]>([
    ['imports point one way', importsPointOneWay],
    ['every file belongs to a layer', everyFileHasALayer],
    ['no import cycles', noCycles],
    ['function bundles hold nothing that is for development', bundlesAreLean(productionPackages())],
    ['files are short', filesAreShort],
    ['exported functions are documented', exportsAreDocumented],
    ['the environment is read at the edge', environmentIsReadAtTheEdge],
    ['the core is pure', coreIsPure],
    ['no model is known by its name', modelsAreToldByTheirPrices(models)],
  ])('%s', (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });
});
