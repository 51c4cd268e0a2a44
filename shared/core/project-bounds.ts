/* What one project may take of what all projects of a stage share, where the stage does not say otherwise. */

/** Requests to OpenAI in a minute that cost nothing: more than agents make that poll, count and list, many at once. */
export const FREE_CALLS_PER_MINUTE = 3_000;
