import { createMemoryStagePrices } from '../../../shared/memory/memory-stage-prices.ts';
import { createMemoryTrail } from '../../../shared/memory/memory-trail.ts';
import { createMemoryUnpricedCalls } from '../../../shared/memory/memory-unpriced-calls.ts';
import { stagePricesContract } from '../../contracts/stage-prices.ts';
import { trailContract } from '../../contracts/trail.ts';
import { unpricedCallsContract } from '../../contracts/unpriced-calls.ts';

stagePricesContract('memory', async () => createMemoryStagePrices());
unpricedCallsContract('memory', async () => createMemoryUnpricedCalls());
trailContract('memory', async () => createMemoryTrail());
