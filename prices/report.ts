import type { PriceRow } from '../shared/pricing/row.ts';
import type { Base } from './genai.ts';
import type { Overlay } from './overlay.ts';
import type { Table } from './schema.ts';

/** Prints a table for people who review a change of it: one row a line, in a stable order. */
export function renderTable({ base, prices, refused }: Table): string {
  const list = (rows: readonly object[]): string =>
    rows.length === 0 ? '[]' : `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
  return `{"base":${JSON.stringify(base)},\n"prices":${list(prices)},\n"refused":${list(refused)}}\n`;
}

/** Says what an update changed, one line each: models that came and went, rates that moved, entries nobody took. */
export function summarize(before: Table | undefined, after: Table, base: Base, overlay: Overlay): string[] {
  const old = new Map((before?.prices ?? []).map((row) => [nameOf(row), flat(row)]));
  const now = new Map(after.prices.map((row) => [nameOf(row), flat(row)]));
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `- ${name}`);
  const changed = [...now].flatMap(([name, fields]) => {
    const was = old.get(name);
    return was === undefined
      ? [`+ ${name}`]
      : differences(was, fields).map((change) => `~ ${name}: ${change}`);
  });
  const taken = new Set([...overlay.groups.map((group) => group.base), ...overlay.leftOut]);
  const newEntries = base.entries.filter((entry) => !taken.has(entry));
  const changes = [...gone, ...changed];
  return [
    ...(changes.length === 0 ? ['No price changed.'] : changes),
    ...newEntries.map(
      (entry) => `? ${entry} is new in the base: add it to the overlay, or to what is left out`,
    ),
    `${after.prices.length} prices of ${new Set(after.prices.map((row) => row.model)).size} models, ` +
      `${after.refused.length} models refused, from ${after.base} and the overlay.`,
  ];
}

function nameOf(row: PriceRow): string {
  return row.from === undefined ? row.model : `${row.model} from ${row.from}`;
}

/** A row as paths to plain values: `rates.flex.input` -> `625000`. */
function flat(value: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, field]: [string, unknown]) =>
      typeof field === 'object' && field !== null
        ? [...flat(field, `${path}${key}.`)]
        : [[`${path}${key}`, String(field)] as const],
    ),
  );
}

function differences(was: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...was.keys(), ...now.keys()]);
  return [...paths]
    .filter((path) => was.get(path) !== now.get(path))
    .map((path) => `${path} ${was.get(path) ?? 'none'} -> ${now.get(path) ?? 'none'}`);
}
