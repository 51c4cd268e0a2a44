import { digest } from './random.ts';

const WIDTH = 16;

/**
 * The padding that OpenAI adds to stream events so that their lengths do not give away the tokens
 * (`stream_options.include_obfuscation`).
 *
 * @param content what the event carries
 */
export function obfuscation(content: string): string {
  return digest('obfuscation', content).slice(0, 1 + (content.length % WIDTH));
}
