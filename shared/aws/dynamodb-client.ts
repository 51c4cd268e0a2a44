import { DynamoDBClient, type DynamoDBClientConfig, type UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../ports/ledger-store.ts';

export interface DynamoDbOptions {
  readonly region: string;
  /** Absent: the region's own. */
  readonly endpoint?: string | undefined;
  /** Absent: the SDK's default chain (in Lambda, the function's role). */
  readonly credentials?: DynamoDBClientConfig['credentials'] | undefined;
  /** How long one attempt may take, in milliseconds; its share of the deadline where absent. */
  readonly attemptMs?: number | undefined;
  /** How long an operation may take with all its attempts, in milliseconds; 3,000 where absent. */
  readonly deadlineMs?: number | undefined;
  /** How often an operation is tried; three times where absent. */
  readonly attempts?: number | undefined;
}

const ATTEMPTS = 3;
const DEADLINE_MS = 3_000;
const MAX_SOCKETS = 256;

/**
 * DynamoDB's errors that say "later", by name; they come with status 400.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const BUSY = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
]);

/** The SDK's errors of an operation that was ended before its answer came. */
const GIVEN_UP = new Set(['AbortError', 'TimeoutError']);

/**
 * Makes a client whose operations end within `deadlineMs`, so that a call fails closed while its caller still
 * waits. It keeps its connections, and tries up to three times unless told otherwise: what may not be repeated is `sentOnce`. No attempt
 * begins after the deadline, so that whoever was told of a failure can rely on soon being alone.
 *
 * An operation throws `Unavailable` when nothing can be said about it (time-out, lost connection, throttling, a
 * 5xx); every other exception of the SDK passes through as it is.
 */
export function createDynamoDbClient(options: DynamoDbOptions): DynamoDBClient {
  const { region, endpoint, credentials, deadlineMs = DEADLINE_MS, attempts = ATTEMPTS } = options;
  const attemptMs = options.attemptMs ?? Math.ceil(deadlineMs / attempts);
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const client = new DynamoDBClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: attemptMs,
      requestTimeout: attemptMs,
      socketTimeout: attemptMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  // Each operation has a context of its own.
  const ended = new WeakSet<object>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await within(deadlineMs, next(args), () => ended.add(context));
      } catch (error) {
        throw isUnavailable(error) ? new Unavailable(`DynamoDB: ${reason(error)}`, { cause: error }) : error;
      }
    },
    { step: 'initialize', name: 'fareboxDeadline', priority: 'high' },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (ended.has(context)) throw new Unavailable('too late for another attempt');
      return next(args);
    },
    { step: 'finalizeRequest', name: 'fareboxLastAttempt', priority: 'low' },
  );
  return client;
}

/**
 * Makes an update that is not sent again where it may have been made: then it throws `Unavailable`, and no copy of it
 * can arrive after one that was answered.
 */
export function sentOnce(update: UpdateItemCommand): UpdateItemCommand {
  update.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        // Without its cause: the SDK tries again what was caused by a time-out.
        throw isUnavailable(error) && !isBusy(error) ? new Unavailable(reason(error)) : error;
      }
    },
    { step: 'finalizeRequest', name: 'fareboxOnce', priority: 'low' },
  );
  return update;
}

function within<T>(ms: number, operation: Promise<T>, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new Unavailable(`no answer in ${ms} ms`));
    }, ms);
  });
  return Promise.race([operation, deadline]).finally(() => clearTimeout(timer));
}

/**
 * Whether an error leaves open what happened. Only an answer of DynamoDB tells, and only one below 500 that does
 * not say "later"; an error with a system code, or of an answer that could not be read, is none.
 */
function isUnavailable(error: unknown): boolean {
  if (error instanceof Unavailable) return true;
  if (!(error instanceof Error)) return false;
  const status = httpStatus(error);
  if (status !== undefined && status >= 400 && status < 500) return isBusy(error);
  return status !== undefined || 'code' in error || '$response' in error || GIVEN_UP.has(error.name);
}

/** DynamoDB did nothing, and may do it later. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && BUSY.has(error.name);
}

function httpStatus(error: Error): number | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null)
    return undefined;
  if (!('httpStatusCode' in error.$metadata)) return undefined;
  return typeof error.$metadata.httpStatusCode === 'number' ? error.$metadata.httpStatusCode : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
