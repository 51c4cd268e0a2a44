import type { UnnamedOutput } from '../../shared/core/batch-input.ts';
import type { ContainerSize } from '../../shared/core/containers.ts';
import type { AnswerJudge, EstimateContext, MeteredEndpoint, WorstCase } from '../../shared/core/endpoint.ts';
import type { IamCaller } from '../../shared/core/identity.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import type { Held } from '../../shared/core/ledger.ts';
import type { RawForm } from '../../shared/core/multipart-fields.ts';
import type { ObjectReference } from '../../shared/core/object-references.ts';
import type { StoredObject } from '../../shared/core/objects.ts';
import type { Price, Tier } from '../../shared/core/price.ts';
import type { Subject } from '../../shared/core/scope.ts';
import type { ObjectUse } from '../../shared/core/treatments/row.ts';
import type { Project, Rules } from '../../shared/ports/directory.ts';

/** What a free call is booked under, where its books ask for a model. */
export const NO_MODEL = 'none';

/** A request as it came in, with the identity that AWS verified. */
export interface Call {
  readonly id: string;
  readonly request: Request;
  readonly url: URL;
  readonly caller: IamCaller | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** We know who is calling, and for which project. */
export interface Identified extends Call {
  readonly user: string;
  readonly projectName: string;
}

/** What is to be done upstream: metered work has a price and a worst case, free work has neither. */
export type Work = FreeWork | MeteredWork;

export interface FreeWork {
  readonly kind: 'free';
  /** Which of its answers may be given again; absent: none. */
  readonly good: AnswerJudge | undefined;
  readonly body: Uint8Array | undefined;
  /** What the body says, if it is JSON. */
  readonly json?: JsonObject;
  /** That of a body which was written again; absent: as the caller names it. */
  readonly contentType?: string;
  /** What it is billed for, though it asks no model; absent: nothing. */
  readonly rent?: Rent;
}

/** The time of a container that a call makes or uses. */
export interface Rent {
  /** The one that its path names; absent: it makes one. */
  readonly named?: string;
  /** That of the container, or the largest that it may have. */
  readonly size: ContainerSize;
  readonly price: Price;
  readonly worst: WorstCase;
}

export interface MeteredWork {
  readonly kind: 'metered';
  readonly rules: MeteredEndpoint;
  /** What is asked, as the rules read it. */
  readonly body: JsonObject;
  /** What only goes on with it. */
  readonly harmless?: JsonObject;
  /** A form, as it goes on. */
  readonly raw?: RawForm;
  readonly price: Price;
  /** The prices of the other models that it can be billed for, by their names. */
  readonly otherPrices?: ReadonlyMap<string, Price>;
  readonly worst: WorstCase;
  /** What of it no request of a batch bounds by a maximum that it names. */
  readonly unnamed?: UnnamedOutput;
  /** The worst case at the one tier that is known to serve it; absent where no tier makes a difference. */
  readonly worstAt?: (servedTier: Tier) => WorstCase;
  /** The same, now that more is known of what it leans on. */
  readonly boundWith?: (known: Partial<EstimateContext>) => Required<Pick<MeteredWork, 'worst' | 'worstAt'>>;
}

/** Something that a call names, and who owns it. */
export interface OwnedReference {
  readonly reference: ObjectReference;
  readonly owner: StoredObject;
}

/** A call that names nothing but what it may. */
export interface OwnNames {
  readonly kind: 'own';
  /** The ids of all that it names. */
  readonly named: ReadonlySet<string>;
  /** What is known of them. */
  readonly owned: readonly OwnedReference[];
  /** Ids of items that it sends whole, and that nobody owns. */
  readonly strangers: readonly string[];
}

/** What a request comes down to. */
export interface Asked {
  readonly work: Work;
  readonly family: string;
  readonly requestedModel: string;
  /** Models beside it that it can be billed for, each by its name and that of its family. */
  readonly otherModels?: readonly (readonly string[])[];
  readonly stream: boolean;
  /** Its body, where that is JSON. */
  readonly json?: JsonObject;
  /** What the requests of a batch name. */
  readonly lines?: OwnNames;
}

/** We know what is asked, what it can cost, and that this caller may ask it. */
export interface Admitted extends Identified {
  readonly endpoint: string;
  /** Below `/v1`, without the query. */
  readonly path: string;
  /** What it does with objects that OpenAI keeps, and the id of the one that its path names. */
  readonly objects: ObjectUse;
  readonly objectId?: string;
  /** The ids of all that it names: in its path, and anywhere in its body. */
  readonly named: ReadonlySet<string>;
  /** The ids of items that it has stored, sent whole, and that nobody owns. */
  readonly sent: readonly string[];
  /** The largest container in what it leans on, or that it may make; absent: none. */
  readonly containerSize?: ContainerSize;
  readonly subject: Subject;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly work: Work;
  readonly rules: Rules;
  /** How long it took to read them, in milliseconds: a part of the time that the call has for the ledger. */
  readonly ledgerMs: number;
  readonly project: Project;
}

/** Its worst case is durably set aside: it may be forwarded. */
export interface HeldCall extends Admitted {
  readonly held: Held;
  /** The output limit that was set because the caller named none and the model's own was not affordable. */
  readonly outputCap?: number;
}
