import { digest, pick } from './random.ts';

const OPENINGS = [
  'Hello from the OpenAI simulator!',
  'This is the OpenAI simulator speaking.',
  'A friendly simulator wrote this answer.',
  'You have reached the OpenAI simulator.',
] as const;

const THOUGHTS = [
  'a bridge is a promise that both banks will still be there tomorrow',
  'the cheapest request is the one that was answered yesterday',
  'a budget that is checked afterwards is only a diary',
  'every long road is a row of short ones',
  'good fences have gates, and good gates have someone who counts',
  'a lighthouse never chases the ships',
  'the river does not ask the mill for permission, but the miller keeps the books',
  'clocks agree more often when nobody looks at two of them',
  'the map is free, the journey is metered',
  'a kettle that is watched boils on time, and tells you when it did',
] as const;

/**
 * The text that the simulator answers with: it says that it is simulated, repeats nothing of the request, and is
 * the same for the same seed.
 */
export function answerText(seed: string): string {
  const opening = pick(OPENINGS, digest(seed, 'opening'));
  const thought = pick(THOUGHTS, digest(seed, 'thought'));
  return (
    `${opening} No model has read your message, so here is a thought instead: ${thought}. ` +
    `Set OPENAI_API_KEY to reach the real one. (Simulated answer ${seed.slice(0, 6)}.)`
  );
}
