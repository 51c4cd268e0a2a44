import process from 'node:process';
import { vi } from 'vitest';
import { createPowertoolsLog } from '../../shared/aws/powertools-log.ts';
import type { Log, LogLevel } from '../../shared/ports/log.ts';

/** The log of the stage `dev` as it goes to CloudWatch, and the lines that were written to it. */
export function recordLog(level: LogLevel): { readonly log: Log; readonly lines: readonly string[] } {
  const own = createPowertoolsLog({ stage: 'dev', level });
  const lines: string[] = [];
  const record = (write: () => void) => {
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        lines.push(...String(chunk).trimEnd().split('\n'));
        return true;
      }),
    );
    write();
    for (const spy of spies) spy.mockRestore();
  };
  const log: Log = {
    event: (...event) => record(() => own.event(...event)),
    alarm: (...alarm) => record(() => own.alarm(...alarm)),
  };
  return { log, lines };
}
