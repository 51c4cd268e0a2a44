import type { Person } from '../../local/principals.ts';
import { type Fetch, signedFetch } from '../support/signed-fetch.ts';
import type { Question } from './questions.ts';
import { PROJECT, type Stage } from './stage.ts';

/** What a caller got for a question. */
export type Reply =
  /** All of an answer, or a refusal with its code. */
  | { readonly kind: 'answered'; readonly status: number; readonly code: string | undefined }
  /** The connection was cut. */
  | { readonly kind: 'cut' };

export type Caller = (question: Question, url: string) => Promise<Reply>;

/** Callers who sign each question with their own keys, as clients of a function URL do. */
export function createCaller(stage: Pick<Stage, 'people'>): Caller {
  const fetches = new Map<string, Fetch>();
  for (const [name, principal] of Object.entries(stage.people)) fetches.set(name, signedFetch(principal));
  return async (question, url) => {
    const send = fetches.get(question.person);
    if (send === undefined) throw new Error(`nobody is called ${question.person}`);
    try {
      const response = await send(`${url}${question.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'openai-proxy-project': PROJECT },
        body: question.body,
      });
      const text = await response.text();
      if (response.status !== 200) return { kind: 'answered', status: response.status, code: codeIn(text) };
      const whole = !question.stream || /data: \[DONE\]|response\.completed/.test(text);
      return whole ? { kind: 'answered', status: 200, code: undefined } : { kind: 'cut' };
    } catch {
      return { kind: 'cut' };
    }
  };
}

/** Farebox's name for a person who calls as an IAM user or, as `carol` does, from Identity Center. */
export function userName(person: Person): string {
  return person === 'carol' ? 'sso/carol@example.com' : `user/${person}`;
}

function codeIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code;
  } catch {
    return undefined;
  }
}
