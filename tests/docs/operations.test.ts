import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALARMS } from '../../shared/ports/log.ts';

test('docs/operations.md says of each alarm what it means, and of no other', () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual([...ALARMS]);
});
