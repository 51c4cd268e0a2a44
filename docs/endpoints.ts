import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { ObjectUse, Row } from '../shared/core/treatments/row.ts';
import { TREATMENTS } from '../shared/core/treatments/table.ts';

/** Where the page lies that is made of the table. */
export const ENDPOINTS_PAGE = fileURLToPath(new URL('./endpoints.md', import.meta.url));

const INTRODUCTION = `# Endpoints

Every method and path of the OpenAI API has one treatment; \`npm run docs:endpoints\` makes this page of the table that the
proxy reads (\`shared/core/treatments\`). A path that is not here is refused, as are the refused ones: 404, with the reason.

- **metered**: its worst case is held before it is forwarded, and its true cost is booked.
- **free**: OpenAI charges nothing for it; it is forwarded, and booked at 0.
- **deferred**: it is billed later: held when it is made, settled when its usage is known. So are background
  responses, which are made as metered ones are.
- **by the minute**: it makes a container or keeps one alive, which is billed until nobody has used it for 20 minutes:
  35 minutes of its size are held, and [those that nobody has booked](ledger.md#the-time-of-containers) are booked.
- **refused**: never forwarded.

**Whose it is.** OpenAI keeps the objects of all projects in one account of the stage. _makes_: the new object is the
project's of the call, from then on. _needs_: the object in the path must be the project's; another's, and one that nobody
made, is answered 404. _shows_: what it holds, and had no owner yet, is the project's from then on. _lists_: the
project's own, in OpenAI's order and with its cursors and filters; at most 21 requests to OpenAI for one list, so that a
page can be shorter than asked for and say that there is more. Ids in bodies (files, earlier responses, conversations, vector stores, containers, items, sound
of earlier answers) must be the project's as well, up to 500 in a request. An admin can
[give](admin.md#what-openai-keeps) a project what no caller made.

An item that a request sends whole, under an id that nobody owns, passes: its id stands for nothing. One that is no more
than its id, whatever its type, is a reference. What an answer cites (annotations, search results) is content, so that
one's own answers can be sent back as input.
`;

/** Prints the table of treatments for people, in Markdown. */
export function renderEndpoints(rows: readonly Row[] = TREATMENTS): string {
  const sections = [
    section('Metered', rows.filter(isKind('metered')), [
      ['endpoint', signature],
      ['takes', ({ takes }) => codes(takes)],
      ['gives', ({ gives }) => codes(gives)],
      ['held before', ({ notes }) => notes.worstCase ?? ''],
      ['usage is read from', ({ notes }) => notes.usage ?? ''],
      ['answered from the cache', ({ notes }) => notes.cache ?? 'no'],
      ['whose it is', ({ objects }) => whose(objects)],
    ]),
    section('Deferred', rows.filter(isKind('batch')), [
      ['endpoint', signature],
      ['takes', ({ takes }) => codes(takes)],
      ['gives', ({ gives }) => codes(gives)],
      ['held before', ({ notes }) => notes.worstCase ?? ''],
      ['usage is read from', ({ notes }) => notes.usage ?? ''],
      ['whose it is', ({ objects }) => whose(objects)],
    ]),
    section('By the minute', rows.filter(isKind('rented')), [
      ['endpoint', signature],
      ['takes', ({ takes }) => codes(takes)],
      ['gives', ({ gives }) => codes(gives)],
      ['whose it is', ({ objects }) => whose(objects)],
    ]),
    section('Free', rows.filter(isKind('free')), [
      ['endpoint', signature],
      ['takes', ({ takes }) => codes(takes)],
      ['gives', ({ gives }) => codes(gives)],
      ['answered from the cache', ({ notes }) => notes.cache ?? 'no'],
      ['whose it is', ({ objects }) => whose(objects)],
    ]),
    ...refusals(rows),
  ];
  return [INTRODUCTION, ...sections].join('\n');
}

type Column = readonly [title: string, cell: (row: Row) => string];

function isKind(kind: Row['treatment']['kind']): (row: Row) => boolean {
  return ({ treatment }) => treatment.kind === kind;
}

function section(title: string, rows: readonly Row[], columns: readonly Column[]): string {
  const table = [columns.map(([name]) => name), columns.map(() => '---')];
  const body = rows.map((row) => columns.map(([, cell]) => cell(row)));
  return `## ${title}\n\n${[...table, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function refusals(rows: readonly Row[]): string[] {
  const reasons = Map.groupBy(rows.filter(isKind('refused')), ({ treatment }) =>
    treatment.kind === 'refused' ? treatment.reason : '',
  );
  const list = [...reasons].map(
    ([reason, refused]) =>
      `**${capital(reason)}.**\n\n${refused.map((row) => `- ${signature(row)}`).join('\n')}\n`,
  );
  return ['## Refused\n', ...list];
}

function signature({ method, path }: Row): string {
  return `\`${method} ${path}\``;
}

function codes(values: readonly string[]): string {
  return values.length === 0 ? '' : values.map((value) => `\`${value}\``).join(', ');
}

function whose({ needs, creates, shows, lists, deletes }: ObjectUse): string {
  const name = (kind: string) => kind.replaceAll('_', ' ');
  return [
    needs === undefined ? [] : [`needs${deletes === true ? ' and deletes' : ''}: ${name(needs)}`],
    creates === undefined ? [] : [`makes: ${name(creates)}`],
    shows === undefined ? [] : [`shows: ${name(shows)}`],
    lists === undefined ? [] : [`lists: ${name(lists)}`],
  ]
    .flat()
    .join('; ');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(ENDPOINTS_PAGE, renderEndpoints());
  console.log(`Wrote ${TREATMENTS.length} endpoints to docs/endpoints.md.`);
}
