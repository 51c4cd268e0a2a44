import type { MeteredEndpoint, WorstCase } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';
import { isFree } from '../pricing.ts';
import { firstRefusal, isGiven, refuseMember, refuseUnmetered, texts } from '../request-checks.ts';
import { goodModerations } from './good-answers.ts';
import { knownMembers } from './request-members.ts';
import { unstreamed } from './unstreamed.ts';

const NOTHING: WorstCase = { fixed: 0n, perOutputToken: 0n, maxOutputTokens: 0, explicit: true };

const CHECKS = [
  knownMembers('moderations'),
  texts('model'),
  (body: JsonObject) =>
    isGiven(body, 'input') ? undefined : refuseMember('input', 'input must be what is to be moderated.'),
];

/** `POST /moderations`, as a request of a batch. It costs nothing, if it names no model or one that is free. */
export const moderations: MeteredEndpoint = {
  check: (body) => firstRefusal(body, CHECKS),
  unpriced: (_, price) =>
    isFree(price) ? undefined : refuseUnmetered('model', 'model must be a moderation model, which is free.'),
  worstCase: () => NOTHING,
  withOutputCap: (body) => body,
  forMetering: (body) => body,
  reads: { results: {} },
  served: ({ results }) => (Array.isArray(results) ? { counts: {} } : undefined),
  streamMeter: unstreamed,
  cacheable: () => true,
  unsampled: true,
  good: goodModerations,
};
