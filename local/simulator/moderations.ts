import type { Moderation, ModerationCreateResponse } from 'openai/resources/moderations';
import { isObject, type JsonValue } from '../../shared/core/json.ts';
import { ANY, checkParameters, missing, type Rules, STRING, wrongType } from './parameters.ts';
import { below, digest } from './random.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { countTokens } from './tokens.ts';

const RULES: Rules = { input: ANY, model: STRING };
const MODELS = [
  'omni-moderation-latest',
  'omni-moderation-2024-09-26',
  'text-moderation-latest',
  'text-moderation-stable',
];
const FLAG_FROM = 0.5;
const FLAGGED_SCORE = 0.9;

/** Words that make the simulator flag a text, and the category that it then names. */
const WORDS = {
  harassment: /\byou idiot\b/i,
  'harassment/threatening': /\bi will hurt you\b/i,
  hate: /\bi hate them all\b/i,
  'hate/threatening': /\bthey must all die\b/i,
  illicit: /\bshoplift/i,
  'illicit/violent': /\bbuild a bomb\b/i,
  'self-harm': /\bself-harm\b/i,
  'self-harm/intent': /\bi want to hurt myself\b/i,
  'self-harm/instructions': /\bhow to hurt myself\b/i,
  sexual: /\bsexual\b/i,
  'sexual/minors': /\bsexual minors\b/i,
  violence: /\bkill\b/i,
  'violence/graphic': /\bblood everywhere\b/i,
} as const satisfies Record<keyof Moderation.CategoryScores, RegExp>;

type Category = keyof typeof WORDS;
const CATEGORIES = Object.keys(WORDS).filter((key): key is Category => key in WORDS);

/** `POST /moderations` */
export function moderations({ body }: EndpointRequest, simulation: Simulation): Reply {
  const error = checkParameters(body, RULES);
  if (error !== undefined) return error;
  const { input, model = 'omni-moderation-latest' } = body;
  if (typeof model !== 'string' || !MODELS.includes(model)) {
    const message = `Invalid value for 'model' = ${String(model)}. Supported models are: ${MODELS.join(', ')}.`;
    return apiError(400, message, { param: 'model', code: 'invalid_value' });
  }
  if (input === undefined || input === null) return missing('input');
  const texts = readTexts(input);
  if ('status' in texts) return texts;
  const tokens = texts.reduce((total, text) => total + countTokens(text), 0);
  simulation.bill({ kind: 'moderations', model, inputTokens: tokens, units: { input: tokens } });
  const answer: ModerationCreateResponse = {
    id: simulation.newId('modr-'),
    model,
    results: texts.map(judge),
  };
  return ok(answer);
}

/** Each string is judged by itself; parts of one multi-modal input are judged together. */
function readTexts(input: JsonValue): string[] | JsonReply {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) return wrongType('input', 'a string or an array', input);
  if (input.every((one) => typeof one === 'string')) return input.map(String);
  const parts = input.filter(isObject);
  if (parts.length < input.length) return wrongType('input', 'an array of strings or of objects', input);
  return [parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n')];
}

function judge(text: string): Moderation {
  const scores = byCategory((category) =>
    WORDS[category].test(text)
      ? FLAGGED_SCORE
      : below(1_000, digest('moderation', category, text)) / 1_000_000,
  );
  const categories = byCategory((category) => scores[category] >= FLAG_FROM);
  return {
    flagged: CATEGORIES.some((category) => categories[category]),
    categories,
    category_scores: scores,
    category_applied_input_types: byCategory(() => ['text']),
  };
}

function byCategory<T>(of: (category: Category) => T): Record<Category, T> {
  return {
    harassment: of('harassment'),
    'harassment/threatening': of('harassment/threatening'),
    hate: of('hate'),
    'hate/threatening': of('hate/threatening'),
    illicit: of('illicit'),
    'illicit/violent': of('illicit/violent'),
    'self-harm': of('self-harm'),
    'self-harm/intent': of('self-harm/intent'),
    'self-harm/instructions': of('self-harm/instructions'),
    sexual: of('sexual'),
    'sexual/minors': of('sexual/minors'),
    violence: of('violence'),
    'violence/graphic': of('violence/graphic'),
  };
}
