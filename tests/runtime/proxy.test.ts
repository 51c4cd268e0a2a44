import { afterAll, beforeAll, describe, it } from 'vitest';
import { ANSWERS } from '../functions/proxy/cases/answers.ts';
import { CACHING } from '../functions/proxy/cases/caching.ts';
import { HOLDING } from '../functions/proxy/cases/holding.ts';
import { MEDIA } from '../functions/proxy/cases/media.ts';
import { OBJECTS } from '../functions/proxy/cases/objects.ts';
import { REFUSALS } from '../functions/proxy/cases/refusals.ts';
import { UPSTREAM_FAULTS } from '../functions/proxy/cases/upstream-faults.ts';
import { type RealStage, startRealStage } from './real-stage.ts';

const CASES = [...ANSWERS, ...UPSTREAM_FAULTS, ...REFUSALS, ...CACHING, ...HOLDING, ...MEDIA, ...OBJECTS];

describe('the proxy as the built zip under the real runtime client, on DynamoDB and Memcached', () => {
  let stage: RealStage;
  beforeAll(async () => {
    stage = await startRealStage({ settings: { maxBodyBytes: 1_000_000 } });
  });
  afterAll(() => stage.close());

  it.each(CASES.filter(({ ofLeaving }) => !ofLeaving))('$name', async ({ run }) => {
    await run(stage.world, stage.target);
  });

  it.skip.each(CASES.filter(({ ofLeaving }) => ofLeaving))('$name (AWS never tells)', () => undefined);
});
