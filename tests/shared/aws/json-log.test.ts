import { describe, expect, test } from 'vitest';
import { createJsonLog } from '../../../shared/aws/json-log.ts';
import { ALARMS, type LogLevel } from '../../../shared/ports/log.ts';
import { metricsIn } from '../../support/metrics.ts';

function logAt(level: LogLevel) {
  const lines: string[] = [];
  return { lines, log: createJsonLog({ stage: 'dev', level, write: (line) => lines.push(line) }) };
}

describe('The log', () => {
  test('writes an event as one line, without a metric', () => {
    const { lines, log } = logAt('info');
    log.event('info', 'call', { call: 'call_1', costUsd: '0.01', status: undefined });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: 'info',
        event: 'call',
        stage: 'dev',
        call: 'call_1',
        costUsd: '0.01',
      },
    ]);
    expect(metricsIn(lines)).toEqual([]);
  });

  test('leaves out what is below its level, but no alarm', () => {
    const { lines, log } = logAt('error');
    log.event('warn', 'upstream_timeout');
    log.alarm('unsettled', { call: 'call_1' });
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['unsettled']);
  });

  test.each(ALARMS)('writes %s as one line that is one count of the metric, by stage alone', (name) => {
    const { lines, log } = logAt('info');
    const before = Date.now();
    log.alarm(name, { call: 'call_1\n', user: 'user/alice' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', event: name, user: 'user/alice' });
    expect(metricsIn(lines)).toEqual([
      { namespace: 'Tollgate', name, value: 1, dimensions: { stage: 'dev' } },
    ]);
    const { Timestamp } = JSON.parse(lines[0] ?? '')._aws;
    expect(Timestamp).toBeGreaterThanOrEqual(before);
    expect(Timestamp).toBeLessThanOrEqual(Date.now());
  });
});
