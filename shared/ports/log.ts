export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured events. Nothing secret and no prompt or answer may be given to it. */
export interface Log {
  event(level: LogLevel, name: string, fields?: LogFields): void;
}
