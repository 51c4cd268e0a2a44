/* What one project may take of what all projects of a stage share, where the stage does not say otherwise. */

/** Requests to OpenAI in a minute that cost nothing: more than agents make that poll, count and list, many at once. */
export const FREE_CALLS_PER_MINUTE = 3_000;

/**
 * Calls that have begun and not ended. Each stands in the accounts of all limits that bind it, and makes every write of
 * these dearer: some 40 bytes, 60 where the limit is not the project's own.
 */
export const OPEN_CALLS_PER_PROJECT = 500;

/** Of these, calls that OpenAI goes on working on after it has answered, for hours: background responses and batches. */
export const DEFERRED_CALLS_PER_PROJECT = 200;
