import type { AnswerJudge, MeteredEndpoint } from '../endpoint.ts';
import type { ListedKind } from '../listed-objects.ts';
import type { ObjectKind } from '../objects.ts';
import type { Check } from '../request-checks.ts';

/** How one method and path of the OpenAI API is charged. */
export type Treatment =
  | { readonly kind: 'metered'; readonly endpoint: string; readonly rules: MeteredEndpoint }
  /** Metered by what is in the file that it names; billed when OpenAI has run it. */
  | { readonly kind: 'batch'; readonly endpoint: string }
  /** Forwarded and booked at 0 on purpose; with a judge, its good answers may be given again. */
  | {
      readonly kind: 'free';
      readonly endpoint: string;
      readonly good: AnswerJudge | undefined;
      /** What it stores is read by metered calls, whose rules it must not get around: why a body is refused, if it is. */
      readonly check?: Check;
    }
  /** Of a container, which is billed by the minute: the time for which it keeps one alive. */
  | { readonly kind: 'rented'; readonly endpoint: string }
  /** Not forwarded; the reason completes "… is not served by this proxy: …". */
  | { readonly kind: 'refused'; readonly reason: string };

/** What a row has to do with objects that OpenAI keeps: a caller reaches those of its own project alone. */
export interface ObjectUse {
  /** The first segment in braces names one, which must be the project's. */
  readonly needs?: ObjectKind;
  /** Its answer brings new ones of this kind, which are the project's from then on. */
  readonly creates?: ObjectKind;
  /** Its answer shows what one of this kind holds, or those of it: what has no owner yet is the project's from then on. */
  readonly shows?: ObjectKind;
  /** It lists those of the whole account: Farebox lists the project's own in its place. */
  readonly lists?: ListedKind;
  /** It deletes the one that it needs. */
  readonly deletes?: true;
}

export type Method = 'GET' | 'POST' | 'DELETE';

/** What a body can be, in the media types of HTTP. */
export type Content =
  | 'application/json'
  | 'application/octet-stream'
  | 'audio/*'
  | 'multipart/form-data'
  | 'text/event-stream'
  | 'text/plain';

/** One method and path of the OpenAI API. */
export interface Row {
  readonly method: Method;
  /** Below `/v1`; `{…}` stands for one segment. */
  readonly path: string;
  readonly treatment: Treatment;
  readonly objects: ObjectUse;
  /** What its request's body can be; none where it has none. */
  readonly takes: readonly Content[];
  /** What its answer can be. */
  readonly gives: readonly Content[];
  /** For people: what bounds its cost, where its usage is read, and when it is answered from the cache. */
  readonly notes: Notes;
}

export interface Notes {
  readonly worstCase?: string;
  readonly usage?: string;
  readonly cache?: string;
}

type Details = Partial<Pick<Row, 'objects' | 'takes' | 'gives'>>;

const JSON_ONLY: readonly Content[] = ['application/json'];

/** @param signature such as `POST /embeddings` */
export function metered(
  signature: string,
  endpoint: string,
  rules: MeteredEndpoint,
  notes: Required<Notes>,
  details: Details = {},
): Row {
  return row(signature, { kind: 'metered', endpoint, rules }, notes, details);
}

/** @param signature such as `POST /batches` */
export function batch(
  signature: string,
  endpoint: string,
  notes: Required<Notes>,
  details: Details = {},
): Row {
  return row(signature, { kind: 'batch', endpoint }, notes, details);
}

/** @param signature such as `POST /containers` */
export function rented(signature: string, endpoint: string, details: Details = {}): Row {
  return row(signature, { kind: 'rented', endpoint }, {}, details);
}

/** @param signature such as `GET /files` */
export function free(
  signature: string,
  endpoint: string,
  details: Details & { readonly good?: AnswerJudge; readonly check?: Check } = {},
): Row {
  const { good, check } = details;
  const treatment = { kind: 'free', endpoint, good, ...(check === undefined ? {} : { check }) } as const;
  return row(signature, treatment, good === undefined ? {} : { cache: 'yes' }, details);
}

/** @param signatures such as `GET /evals`, refused for the same reason */
export function refused(reason: string, signatures: readonly string[]): readonly Row[] {
  return signatures.map((signature) => row(signature, { kind: 'refused', reason }, {}, {}));
}

function row(signature: string, treatment: Treatment, notes: Notes, details: Details): Row {
  const [method, path = ''] = signature.split(' ');
  if (!isMethod(method)) throw new Error(`${signature}: no method of the OpenAI API`);
  return {
    method,
    path,
    treatment,
    objects: details.objects ?? {},
    takes: details.takes ?? (method === 'POST' ? JSON_ONLY : []),
    gives: details.gives ?? JSON_ONLY,
    notes,
  };
}

function isMethod(text: string | undefined): text is Method {
  return text === 'GET' || text === 'POST' || text === 'DELETE';
}
