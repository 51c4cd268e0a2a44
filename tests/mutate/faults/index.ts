import type { Area } from '../fault.ts';
import { cache } from './cache.ts';
import { client } from './client.ts';
import { holds } from './holds.ts';
import { identity } from './identity.ts';
import { isolation } from './isolation.ts';
import { ledger } from './ledger.ts';
import { metering } from './metering.ts';
import { pricing } from './pricing.ts';
import { upstream } from './upstream.ts';
import { wiring } from './wiring.ts';

/** Every fault that `npm run mutate` tries, by the part of the product that it is in. */
export const AREAS: Readonly<Record<string, Area>> = {
  holds,
  metering,
  pricing,
  ledger,
  cache,
  isolation,
  identity,
  upstream,
  client,
  wiring,
};
