import { alignedAtPoint } from './amounts.ts';
import type { Paint } from './terminal.ts';

/** One column: its head, how it stands, and what of a row it shows. */
export interface Column<Row> {
  readonly head: string;
  /** Text to the left, counts to the right, amounts at their decimal points. */
  readonly kind?: 'text' | 'count' | 'amount';
  readonly value: (row: Row) => string;
  /** Colours what is shown, once it has its place. */
  readonly style?: (shown: string, row: Row) => string;
}

const GAP = '  ';

/**
 * Rows below a head, in columns as wide as they need to be.
 *
 * @param last a row of sums, set apart
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  last?: Row,
): string[] {
  const all = last === undefined ? rows : [...rows, last];
  const shown = columns.map((column) => cellsOf(column, all));
  const lineOf = (row: Row, index: number) =>
    columns
      .map(({ style }, at) => {
        const cell = shown[at]?.cells[index] ?? '';
        return style === undefined ? cell : style(cell, row);
      })
      .join(GAP)
      .trimEnd();
  const head = shown
    .map(({ head }) => head)
    .join(GAP)
    .trimEnd();
  return [paint('dim', head), ...all.map(lineOf)];
}

function cellsOf<Row>({ head, kind = 'text', value }: Column<Row>, rows: readonly Row[]) {
  const raw = rows.map(value);
  const values = kind === 'amount' ? alignedAtPoint(raw) : raw;
  const width = Math.max(head.length, ...values.map((text) => text.length));
  const place = (text: string) => (kind === 'text' ? text.padEnd(width) : text.padStart(width));
  return { head: place(head), cells: values.map(place) };
}

/** A bar of as many cells as `thousandths` of `width` come to; what is more than nothing has at least one. */
export function bar(thousandths: number, width: number, track = ' '): string {
  const full = thousandths === 0 ? 0 : Math.max(1, Math.round((thousandths * width) / 1000));
  return '━'.repeat(full) + track.repeat(width - full);
}

/** Rows as CSV (RFC 4180), with exact values, and nothing in them that a spreadsheet would run. */
export function csv<Row>(
  columns: readonly Pick<Column<Row>, 'head' | 'value'>[],
  rows: readonly Row[],
): string {
  const lines = [
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map(({ value }) => value(row))),
  ];
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** What makes a spreadsheet take a cell for a formula (https://owasp.org/www-community/attacks/CSV_Injection), also in full width. */
const FORMULA = /^\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
/** What separates cells and lines, here or where a spreadsheet is set up for another language. */
const SPECIAL = /[",;\t\r\n]/;

/** A cell that a spreadsheet reads as the text, or the number, that it is. */
function csvCell(text: string): string {
  const isFormula = FORMULA.test(text) && !NUMBER.test(text);
  const harmless = isFormula ? `'${text}` : text;
  return isFormula || SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
