import type { Alarm, Log, LogFields, LogLevel } from '../ports/log.ts';

const LEVELS: readonly LogLevel[] = ['info', 'warn', 'error'];
const NAMESPACE = 'Tollgate';

/**
 * Writes each event as one line of JSON, as CloudWatch Logs reads it, and each alarm as one that CloudWatch counts as
 * a metric too: in the namespace `Tollgate`, by stage alone, as every other dimension would be a metric more to pay.
 */
export function createJsonLog(options: {
  readonly stage: string;
  readonly level: LogLevel;
  readonly write: (line: string) => void;
}): Log {
  const write = (at: Date, level: LogLevel, event: string, fields: object) =>
    options.write(JSON.stringify({ time: at.toISOString(), level, event, stage: options.stage, ...fields }));
  return {
    event(level, name, fields: LogFields = {}) {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(options.level)) write(new Date(), level, name, fields);
    },
    alarm(name, fields = {}) {
      const at = new Date();
      write(at, 'error', name, { ...fields, ...countOf(name, at) });
    },
  };
}

/**
 * What makes a line count as one of a metric; the line's `stage` is the dimension.
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function countOf(name: Alarm, at: Date): object {
  const metrics = [{ Name: name, Unit: 'Count' }];
  return {
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [['stage']], Metrics: metrics }],
    },
    [name]: 1,
  };
}
