import type { Area } from '../fault.ts';
import { holds } from './holds.ts';

/** Every fault that `npm run mutate` tries, by the part of the product that it is in. */
export const AREAS: Readonly<Record<string, Area>> = { holds };
