import { describe, expect, test } from 'vitest';
import { ALARMS } from '../../../shared/ports/log.ts';
import { metricsIn } from '../../support/metrics.ts';
import { recordLog } from '../../support/record-log.ts';

describe('The log', () => {
  test('writes an event as one line, without a metric', () => {
    const { lines, log } = recordLog('info');
    log.event('info', 'call', { call: 'call_1', costUsd: '0.01', status: undefined });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: 'INFO',
        message: 'call',
        service: 'farebox',
        sampling_rate: 0,
        stage: 'dev',
        call: 'call_1',
        costUsd: '0.01',
      },
    ]);
    expect(metricsIn(lines)).toEqual([]);
  });

  test('leaves out what is below its level, but no alarm', () => {
    const { lines, log } = recordLog('error');
    log.event('warn', 'upstream_timeout');
    log.alarm('unsettled', { call: 'call_1' });
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['unsettled']);
  });

  test.each(ALARMS)(
    'writes %s as one line that is one count of the metric, by service and stage alone',
    (name) => {
      const { lines, log } = recordLog('info');
      const before = Date.now();
      log.alarm(name, { call: 'call_1\n', user: 'user/alice' });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain('\n');
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'ERROR', message: name, user: 'user/alice' });
      expect(metricsIn(lines)).toEqual([
        { namespace: 'Farebox', name, value: 1, dimensions: { service: 'farebox', stage: 'dev' } },
      ]);
      const { Timestamp } = JSON.parse(lines[0] ?? '')._aws;
      expect(Timestamp).toBeGreaterThanOrEqual(before);
      expect(Timestamp).toBeLessThanOrEqual(Date.now());
    },
  );

  test('counts an alarm by a model, too, where it names one, and no later alarm', () => {
    const { lines, log } = recordLog('info');
    log.alarm('model_unpriced', { call: 'call_1' }, { model: 'gpt-7' });
    log.alarm('unpriced', { model: 'gpt-8' });
    const metric = { namespace: 'Farebox', value: 1 };
    const stage = { service: 'farebox', stage: 'dev' };
    expect(metricsIn(lines)).toEqual([
      { ...metric, name: 'model_unpriced', dimensions: stage },
      { ...metric, name: 'model_unpriced', dimensions: { ...stage, model: 'gpt-7' } },
      { ...metric, name: 'unpriced', dimensions: stage },
    ]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ call: 'call_1', model: 'gpt-7' });
  });
});
