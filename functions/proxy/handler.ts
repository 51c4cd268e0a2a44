import process from 'node:process';
import { streamingHandler } from '../../shared/aws/streaming-handler.ts';
import { wireProxy } from '../../shared/wire.ts';
import { createApp } from './app.ts';

/** The proxy's Lambda entry, behind the stage's streaming function URL. */
export const handler = streamingHandler(createApp(wireProxy(process.env)));
