import type { Command } from 'commander';
import type { Patient } from '../../doctor/check.ts';
import { CHECKS, lookAt, type Named } from '../../doctor/checks.ts';
import { clientVersion } from '../../version.ts';
import { type Context, Exit } from '../context.ts';
import { withProgress } from '../terminal.ts';
import type { Bind } from './options.ts';

interface DoctorOptions {
  readonly project?: string;
  readonly url?: string;
}

const SOMETHING_IS_WRONG = 1;
const MARKS = { good: ['green', '✓'], note: ['yellow', '–'], bad: ['red', '✗'] } as const;

/** `doctor`. */
export function addDoctor(program: Command, bind: Bind): void {
  program
    .command('doctor')
    .description(
      'Look at credentials, clock, URL, permissions and versions, and say what to do; exit code 1 if anything',
    )
    .option('--project <name>', 'the project to call for')
    .option('--url <url>', "the URL of the stage's proxy")
    .action(bind(examine));
}

async function examine(context: Context, { project, url }: DoctorOptions): Promise<void> {
  const { paint, connection, staging, terminal } = context;
  const patient: Patient = { ...connection, staging, project, url, clientVersion: clientVersion() };
  const width = Math.max(...CHECKS.map(({ name }) => name.length));
  const found: Named[] = [];
  for (const check of CHECKS) {
    const finding = await withProgress(terminal, check.name, () => lookAt(check, patient, found));
    found.push(finding);
    if (context.json) continue;
    const [colour, mark] = MARKS[finding.state];
    context.print(`${paint(colour, mark)} ${finding.name.padEnd(width)}  ${finding.says}`);
    if (finding.advice !== undefined)
      context.print(`${' '.repeat(width + 4)}${paint(colour, finding.advice)}`);
  }
  if (context.json) context.print(JSON.stringify({ findings: found }, null, 2));
  if (found.some(({ state }) => state === 'bad')) throw new Exit(SOMETHING_IS_WRONG);
}
