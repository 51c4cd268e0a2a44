import type { Log, LogLevel } from '../ports/log.ts';

const LEVELS: readonly LogLevel[] = ['info', 'warn', 'error'];

/** Writes each event as one line of JSON, as CloudWatch Logs reads it. */
export function createJsonLog(options: {
  readonly stage: string;
  readonly level: LogLevel;
  readonly write: (line: string) => void;
}): Log {
  return {
    event(level, name, fields = {}) {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
      const time = new Date().toISOString();
      options.write(JSON.stringify({ time, level, event: name, stage: options.stage, ...fields }));
    },
  };
}
