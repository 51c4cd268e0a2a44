import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { ResponseMemory } from './memory.ts';
import { preparedEvents } from './prepared.ts';
import { type Post, runTurn, type SocketError, type TurnNote } from './turn.ts';
import { laneOf, readTurn, type TurnRequest } from './turn-request.ts';

export interface ResponsesSocketOptions {
  readonly post: Post;
  /** Called when a turn has ended. */
  readonly onTurn?: (note: TurnNote) => void;
  /** How long a socket may be used, in milliseconds; OpenAI's hour if absent. */
  readonly lifetimeMs?: number;
  readonly now?: () => number;
}

const HOUR_MS = 3_600_000;
const MOST_WAITING = 32;
/** The caller is waited for once this much is on its way to it, in bytes. */
const MOST_BUFFERED = 1024 * 1024;

/** Models that refuse to give their reasoning: the same for every socket of this process. */
const withoutReasoning = new Set<string>();

/**
 * Serves the Responses API over one WebSocket: each `response.create` becomes a streamed `POST /v1/responses`, and the
 * events of its stream become messages. Turns of one lane (`stream_id`) run in order, those of different lanes at the
 * same time. Responses that are not stored can be gone on from while the socket is open.
 * Source: OpenAI's guide "WebSocket mode".
 */
export function serveResponses(socket: WebSocket, options: ResponsesSocketOptions): void {
  const { post, onTurn, lifetimeMs = HOUR_MS, now = Date.now } = options;
  const closed = new AbortController();
  const memory = new ResponseMemory();
  const lanes = new Map<string, Promise<void>>();
  let waiting = 0;
  let isOver = false;

  const send = async (text: string) => {
    if (socket.readyState !== socket.OPEN) return;
    const sent = new Promise<void>((resolve) => socket.send(text, () => resolve()));
    if (socket.bufferedAmount > MOST_BUFFERED) await sent;
  };
  const fail = ({ status, error }: SocketError, lane?: string) =>
    send(
      JSON.stringify({ ...(lane === undefined ? {} : { stream_id: lane }), type: 'error', status, error }),
    );
  const invalid = (code: string, message: string, param: string | null = null): SocketError => ({
    status: 400,
    error: { type: 'invalid_request_error', code, message, param },
  });

  const endIfOver = async () => {
    if (!isOver || waiting > 0) return;
    const message = 'This socket was open for as long as one may be. Open another one to go on.';
    await fail(invalid('websocket_connection_limit_reached', message));
    socket.close(1000);
  };
  const lifetime = setTimeout(() => {
    isOver = true;
    void endIfOver();
  }, lifetimeMs);
  lifetime.unref();
  socket.on('close', () => {
    clearTimeout(lifetime);
    closed.abort();
  });
  // A broken socket closes: there is nobody left to tell.
  socket.on('error', () => socket.terminate());

  const run = async (text: string, lane: string | undefined) => {
    if (closed.signal.aborted) return;
    // Read when its time has come: it may go on from the turn before it.
    const request = readTurn(text, memory);
    if ('message' in request) return fail(invalid(request.code, request.message, request.param), lane);
    if (!request.generate) return prepare(request);
    const begun = now();
    const parts = {
      post,
      memory,
      send,
      withoutReasoning,
      signal: closed.signal,
      fail: (error: SocketError) => fail(error, lane),
    };
    const note = await runTurn(request, parts);
    onTurn?.({ ...note, ms: now() - begun });
  };
  const prepare = async (request: TurnRequest) => {
    const id = `resp_${randomBytes(25).toString('hex')}`;
    if (request.context !== undefined) memory.keep(request.lane ?? '', id, request.context);
    for (const event of preparedEvents(request, id, Math.floor(now() / 1000))) await send(event);
  };

  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) return void fail(invalid('invalid_json', 'A message must be text: one JSON object.'));
    const text = String(data);
    const lane = laneOf(text);
    if (isOver || waiting >= MOST_WAITING) {
      const message = `At most ${MOST_WAITING} turns of a socket can wait. Wait for answers, or open another one.`;
      return void (isOver ? endIfOver() : fail(invalid('too_many_turns', message), lane));
    }
    waiting += 1;
    const key = lane ?? '';
    const turn = (lanes.get(key) ?? Promise.resolve())
      .then(() => run(text, lane))
      .catch(() => socket.terminate())
      .finally(() => {
        waiting -= 1;
        if (lanes.get(key) === turn) lanes.delete(key);
        return endIfOver();
      });
    lanes.set(key, turn);
  });
}
