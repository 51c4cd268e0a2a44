import process from 'node:process';
import * as z from 'zod';
import { wireSweep } from '../../shared/wire.ts';
import { createSweep } from './app.ts';

const EVENT = z.object({ deep: z.boolean().default(false) });

const sweep = createSweep(wireSweep(process.env));

/**
 * The sweep's Lambda entry: run on a schedule every minute, and with `{"deep": true}` every hour.
 *
 * @returns what it found, as counts
 */
export function handler(event: unknown) {
  return sweep(EVENT.catch({ deep: false }).parse(event).deep);
}
