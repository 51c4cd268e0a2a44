import type { Clock } from '../ports/clock.ts';
import type { Objects } from '../ports/objects.ts';
import type { PriceSource } from '../ports/price-source.ts';
import type { Upstream } from '../ports/upstream.ts';

/** What it takes to ask OpenAI for what a call came to. */
export interface TruthParts {
  readonly upstream: Upstream;
  readonly prices: PriceSource;
  readonly objects: Pick<Objects, 'own' | 'owners' | 'bookContainer'>;
  readonly clock: Clock;
}
