import { GENERATION } from './generation.ts';
import { MEDIA } from './media.ts';
import { ORGANIZATION } from './organization.ts';
import { REFUSED } from './refused.ts';
import type { Row } from './row.ts';
import { STORED } from './stored.ts';

/**
 * Every method and path of the OpenAI API with its one treatment, as `openai` 7.55.0 and OpenAI's public specification
 * name them. What is not in it is refused, and a test names what the installed `openai` package has beyond it.
 */
export const TREATMENTS: readonly Row[] = [...GENERATION, ...MEDIA, ...STORED, ...REFUSED, ...ORGANIZATION];
