import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Log, LogLevel } from '../ports/log.ts';

const NAMESPACE = 'Farebox';
const SERVICE = 'farebox';

/**
 * Writes each event as one line of JSON, as CloudWatch Logs reads it, and each alarm as one that CloudWatch counts as
 * a metric too (namespace `Farebox`), by service and stage, and by model where the alarm says so: every other dimension
 * would be a metric more to pay. Lines go to the standard output, errors to the standard error: Lambda sends both to the function's log group.
 */
export function createPowertoolsLog(options: { readonly stage: string; readonly level: LogLevel }): Log {
  const { stage, level } = options;
  const logger = new Logger({ serviceName: SERVICE, logLevel: LEVELS[level], persistentKeys: { stage } });
  const metrics = new Metrics({
    namespace: NAMESPACE,
    serviceName: SERVICE,
    defaultDimensions: { stage },
    logger,
  });
  return {
    event: (severity, name, fields = {}) => logger[severity](name, { ...fields }),
    alarm(name, fields = {}, by) {
      metrics.addMetric(name, MetricUnit.Count, 1);
      // Of `service` and `stage` alone as well, which is what alarms are set on.
      if (by !== undefined) metrics.addDimensions({}).addDimensions(by);
      // In the alarm's own line, whose `service` and `stage` are the dimensions.
      const { _aws, [name]: count } = metrics.serializeMetrics();
      metrics.clearMetrics();
      metrics.clearDimensions();
      logger.error(name, { ...fields, ...by, _aws, [name]: count });
    },
  };
}

const LEVELS = { info: 'INFO', warn: 'WARN', error: 'ERROR' } as const satisfies Record<LogLevel, string>;
