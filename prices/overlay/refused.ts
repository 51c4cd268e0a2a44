import { PRICING, READ } from './common.ts';
import type { RefusedGroup } from './types.ts';

const SDK = 'openai 7.59.0, resources/shared.d.ts';

export const REFUSED: readonly RefusedGroup[] = [
  {
    models: ['gpt-5.1-mini'],
    reason: 'OpenAI says that it is not a supported model id',
    source: SDK,
    sourceDate: READ,
  },
  {
    models: ['gpt-6-cyber', 'gpt-6-rosalind', 'gpt-6.2-astra-law', 'gpt-rosalind-research'],
    reason:
      'OpenAI gives it to approved organizations alone, and no price of it was found; ask an admin to set the one that ' +
      'OpenAI told you (set-price)',
    unpriced: true,
    source: `${SDK}; ${PRICING}`,
    sourceDate: '2026-11-30',
  },
  {
    models: ['sora-2', 'sora-2-2025-10-06', 'sora-2-2025-12-08', 'sora-2-pro', 'sora-2-pro-2025-10-06'],
    reason: 'OpenAI retired it on 24 September 2026',
    source: 'https://developers.openai.com/api/docs/deprecations',
    sourceDate: READ,
  },
  {
    models: ['dall-e-2', 'dall-e-3'],
    reason: 'OpenAI retired it in May 2026',
    source: 'https://developers.openai.com/api/docs/deprecations',
    sourceDate: READ,
  },
  {
    models: [
      'gpt-4o-mini-realtime-preview',
      'gpt-4o-mini-realtime-preview-2024-12-17',
      'gpt-4o-realtime-preview',
      'gpt-4o-realtime-preview-2024-10-01',
      'gpt-4o-realtime-preview-2024-12-17',
      'gpt-4o-realtime-preview-2025-06-03',
      'gpt-live-1',
      'gpt-live-transcribe',
      'gpt-realtime',
      'gpt-realtime-1.5',
      'gpt-realtime-2',
      'gpt-realtime-2.1',
      'gpt-realtime-2.1-mini',
      'gpt-realtime-2025-08-28',
      'gpt-realtime-mini',
      'gpt-realtime-mini-2025-10-06',
      'gpt-realtime-mini-2025-12-15',
      'gpt-realtime-whisper',
    ],
    reason: 'its sessions reach OpenAI around this proxy, where no limit would bind them',
    source: PRICING,
    sourceDate: READ,
  },
];

/** Entries of the base that are no model of OpenAI's API, were retired long ago, are priced from another
 * source, or are refused above. */
export const LEFT_OUT: readonly string[] = [
  'ada',
  'babbage',
  'curie',
  'davinci',
  'ft:gpt-3.5-turbo-',
  'ft:gpt-4o',
  'ft:gpt-4o-mini',
  'gpt-4o-mini-2024-07-18.ft-',
  'gpt-4o-mini-realtime-preview',
  'gpt-4o-mini-tts',
  'gpt-4o-realtime-preview',
  'gpt-4o:extended',
  'gpt-5-image',
  'gpt-5-image-mini',
  'gpt-5.4-image-2',
  'gpt-chat-latest',
  'gpt-oss-120b',
  'gpt-oss-20b',
  'gpt-oss-safeguard-20b',
  'gpt-realtime',
  'gpt-realtime-2',
  'gpt-realtime-mini',
  'moderation',
  'text-davinci-002',
  'text-davinci-003',
];
