/**
 * The families that never think before they speak; all their output is seen in their answers. Source: OpenAI's model
 * pages, which list reasoning tokens for every other family that generates text.
 */
const SPEAKS_AT_ONCE = /^(gpt-3\.5|gpt-4|chatgpt-4o|gpt-audio|davinci|babbage)/;

/**
 * Whether a model may put out tokens that its answer does not show. They are billed as output, so what was seen of an
 * answer says little about its cost.
 *
 * @param family as the price table names it; one that is not known may reason
 */
export function mayReason(family: string): boolean {
  return !SPEAKS_AT_ONCE.test(family);
}
