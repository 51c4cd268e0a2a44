import { formatUsd, ONE_USD, type Picodollars } from '../../shared/core/money.ts';
import type { BaselineResult } from './baseline.ts';
import type { ConcurrencyResult } from './concurrency.ts';
import type { CrashResult } from './crashes.ts';
import { killsIn, lockoutOf } from './verdict.ts';

/** All that a run of the proof found. */
export interface Findings {
  readonly seed: number;
  /** As it was given, or none. */
  readonly date: string | undefined;
  readonly gathered: number;
  readonly concurrency: readonly ConcurrencyResult[];
  readonly baseline: readonly BaselineResult[];
  readonly crashes: CrashResult;
  /** The same with every other limit in so many shards. */
  readonly sharded: {
    readonly shards: number;
    readonly concurrency: readonly ConcurrencyResult[];
    readonly crashes: CrashResult;
  };
}

const HEAD = ['scenario', 'runs', 'calls', 'overspend', 'lost', 'doubled', 'lockout'];

/** The one table: what each scenario came to. */
export function tableOf({ gathered, concurrency, baseline, crashes, sharded }: Findings): string {
  const baselineWorst = most(baseline.map(({ overspend }) => overspend));
  const together = `${gathered}+ calls at once on one $1.00 limit, 4 processes`;
  const killed = 'processes killed under load, then swept';
  const spread = `, limits in ${sharded.shards} shards`;
  return table([
    HEAD,
    concurrencyRow(together, concurrency),
    concurrencyRow(together + spread, sharded.concurrency),
    crashRow(killed, crashes),
    crashRow(killed + spread, sharded.crashes),
    [
      'for comparison: check, then record',
      String(baseline.length),
      String(baseline.reduce((total, { calls }) => total + calls, 0)),
      usd(baselineWorst),
      ...['-', '-', '-'],
    ],
  ]);
}

function concurrencyRow(scenario: string, results: readonly ConcurrencyResult[]): string[] {
  const sum = (pick: (result: ConcurrencyResult) => number) =>
    String(results.reduce((total, result) => total + pick(result), 0));
  return [
    scenario,
    String(results.length),
    sum(({ statuses }) => [...statuses.values()].reduce((total, count) => total + count, 0)),
    usd(most(results.map(overspendOf))),
    sum(({ reckoning }) => reckoning.lost),
    sum(({ reckoning }) => reckoning.doubled),
    sum(lockoutOf),
  ];
}

function crashRow(scenario: string, result: CrashResult): string[] {
  return [
    scenario,
    `${killsIn(result)} kills`,
    String(result.calls),
    usd(overspendOf(result)),
    String(result.reckoning.lost),
    String(result.reckoning.doubled),
    String(lockoutOf(result)),
  ];
}

/** The document: the table, what was done, and how to do it again. */
export function documentOf(findings: Findings): string {
  const { seed, date, concurrency, baseline, crashes, sharded, gathered } = findings;
  const first = concurrency[0];
  const model = baseline[0];
  if (first === undefined || model === undefined) throw new Error('nothing was run');
  const when = date === undefined ? '' : ` on ${date}`;
  return `# The books hold

\`npm run prove\` wrote this file${when}, with seed ${seed}. It takes some minutes, needs nothing but this repository, and
fails when anything below is not as it says. \`npm run prove -- --seed N --kills N --date D\` varies it; a short form is part
of \`npm test\`.

${tableOf(findings)}

- **overspend**: the most by which what was spent and held passed any limit, at any instant.
- **lost**: calls that reached OpenAI and have no entry with a cost, or that a counter misses.
- **doubled**: calls that were forwarded, entered or counted twice.
- **lockout**: calls refused for good though there was money for them, and budget that came back to nobody.

## How

What runs is the product: the proxy's and the sweep's own Lambda entries, each in processes of their own behind function
URLs that verify signatures. DynamoDB is dynalite, and OpenAI is a stand-in that answers as each request says and keeps
its own account, by published prices, of what it charges. Half of the calls are streams; they go to two endpoints and five
models for four people. Nothing in the product knows of the proof: it is watched at its connections.

### Concurrency

A project has a limit of $1.00, and narrower limits on a user, a model, and a user's model overlap it. ${gathered} small calls
gather at OpenAI until all of them are there (the most at once: ${first.mostForwarded}; in flight: ${first.mostInFlight}). Then a crowd of larger
ones competes for the rest while the first ones are answered. All the while every limit is read, consistently, about ten
times a second (${first.samples.rounds} times in the first run), and what OpenAI has charged is held against the limit as well.

${runTable(concurrency)}

In shards, the accounts of the project and of the model are spread over ${sharded.shards} items each, and those of the users are not; the
items of an account are read together, in one request.

${runTable(sharded.concurrency)}

Every call that was answered has one entry at exactly what OpenAI charged, and the audit finds no difference.

The comparison is a model of the method, not of anybody's code: read what is spent, forward if that is below the limit, add
the cost after the answer. Under the same load it forwarded ${model.passed} of ${model.calls} calls and spent ${usd(model.spent)} of $1.00.

### Crashes

Four processes are under load from six callers each, and are killed with SIGKILL: at each point below, as seen from
outside by what has passed between them and DynamoDB or OpenAI, and at random instants. Some calls find no money, so
that holds are given back as well. The sweep runs all the while. At the end the lease of the last calls passes, and the
sweep is killed at points of its own, then runs two at once, and again.

${killTable(crashes, sharded.crashes)}

${crashStory('One item each', crashes)}

${crashStory('In shards', sharded.crashes)}

No call is booked of which a hold was missing, no hold is left, and in every limit what remains (in its account, in its
shards, and on the way between them) is the limit less what is spent, exactly.
`;
}

function runTable(results: readonly ConcurrencyResult[]): string {
  const row = (name: string, pick: (result: ConcurrencyResult) => string | number) => [
    name,
    ...results.map((result) => String(pick(result))),
  ];
  return table([
    ['run', ...results.map((_, index) => String(index + 1))],
    row('answered', ({ reckoning }) => reckoning.settled),
    row('refused', ({ statuses }) => statuses.get('429 insufficient_quota') ?? 0),
    row("left of the project's $1.00", ({ remaining }) => usd(remaining)),
    row('the least that a refused call could have cost which no longer fits', ({ leastRefused }) =>
      usd(leastRefused ?? 0n),
    ),
  ]);
}

function killTable(single: CrashResult, sharded: CrashResult): string {
  const named = new Set(sharded.points.map(({ name }) => name));
  const killed = [...single.kills.keys(), ...sharded.kills.keys()];
  const names = [...named, ...new Set(killed.filter((name) => !named.has(name)))];
  const times = ({ kills, points }: CrashResult, name: string) => {
    const isMeant = points.some((point) => point.name === name) || kills.has(name);
    return isMeant ? String(kills.get(name) ?? 0) : '-';
  };
  const rows = names.map((name) => [name, times(single, name), times(sharded, name)]);
  return table([['killed', 'times', 'in shards'], ...rows]);
}

function crashStory(what: string, { calls, answered, cut, reckoning }: CrashResult): string {
  const { settled, unsettled, unseen } = reckoning;
  return `- ${what}: of ${calls} calls, ${answered} were answered or refused and ${cut} were cut off. ${settled} are booked at their true
  cost. ${unsettled} are booked at the most that they could have cost, flagged \`unsettled\`, since their function died before it
  knew; of these, OpenAI had not seen ${unseen.length}: all their holds were durable, and nobody can tell such a call from one
  that was sent.`;
}

function overspendOf({ samples, reckoning }: ConcurrencyResult | CrashResult): Picodollars {
  return most([samples.overspend, reckoning.overspend]);
}

function most(amounts: readonly Picodollars[]): Picodollars {
  return [0n, ...amounts].sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
}

/** To a hundredth of a cent; what is less than that and not nothing is shown in full. */
function usd(amount: Picodollars): string {
  const step = ONE_USD / 10_000n;
  return `$${formatUsd(amount < step ? amount : amount - (amount % step))}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0] ?? [];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  );
}
