import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ENDPOINTS_PAGE, renderEndpoints } from '../../docs/endpoints.ts';
import { TREATMENTS } from '../../shared/core/treatments/table.ts';

it('docs/endpoints.md is what `npm run docs:endpoints` writes', () => {
  expect(readFileSync(ENDPOINTS_PAGE, 'utf8')).toBe(renderEndpoints());
});

it('docs/endpoints.md has each endpoint once', () => {
  const rows = [...renderEndpoints().matchAll(/^(?:\| |- )`([A-Z]+ [^`]+)`/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(TREATMENTS.map(({ method, path }) => `${method} ${path}`).toSorted());
});
