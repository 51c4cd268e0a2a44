import process from 'node:process';
import { wireAdmin } from '../../shared/wire.ts';
import { createAdmin } from './app.ts';

/** The admin's Lambda entry: a command in, its result or an error in OpenAI's shape out. */
export const handler = createAdmin(wireAdmin(process.env));
