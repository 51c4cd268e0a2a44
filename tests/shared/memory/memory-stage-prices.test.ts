import { createMemoryStagePrices } from '../../../shared/memory/memory-stage-prices.ts';
import { createMemoryTrail } from '../../../shared/memory/memory-trail.ts';
import { stagePricesContract } from '../../contracts/stage-prices.ts';
import { trailContract } from '../../contracts/trail.ts';

stagePricesContract('memory', async () => createMemoryStagePrices());
trailContract('memory', async () => createMemoryTrail());
