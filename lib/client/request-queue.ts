/**
 * Requests: first in the queue, then in flight until the server's reply. They are sent in the order in which they were made, and
 * answered in that order.
 *
 * - Both are bounded: `maxQueued` and `maxInFlight`. A request whose caller has cancelled counts as in flight until
 *   its reply is here: the server is still at work on it.
 * - When the connection breaks, reads that were in flight go back to the front of the queue. A write is never sent
 *   twice: whether it ran is unknown, and its caller gets an error that says so.
 */

import { watchAbort } from '../abort-signals.js';
import { HotsetError } from '../errors.js';
import type { MethodName } from '../rpc-protocol.js';
import { scheduleHeld } from '../scheduler.js';
import { type Reply, requestText } from './messages.js';
import { type ResolvedClient, timeoutOption } from './options.js';

/** How long one call may take, and what gives it up. */
export interface CallOptions {
  /** How long it may take, time in the queue included; `Infinity` for ever. Default: the client's `timeoutMs`. */
  timeoutMs?: number | undefined;
  /** Gives up waiting when it is aborted: what was sent may be carried out all the same. */
  signal?: AbortSignal | undefined;
}

/** A request, and what becomes of its reply. */
export interface RequestSpec<T> {
  readonly method: MethodName;
  /** An object, as JSON. */
  readonly params?: string;
  /** Whether it may be sent again when it is unknown whether it ran. */
  readonly isRead: boolean;
  /**
   * Makes the caller's answer of the result, before anything else that the server sent is looked at. `sentAtMs` is
   * when the request was sent. Throws `HOTSET_PROTOCOL` for an invalid result.
   */
  answer(result: unknown, sentAtMs: number): T;
  /** The caller has an answer or an error. */
  onEnd?(): void;
  /** The result arrived after the caller had cancelled. */
  onLate?(result: unknown): void;
}

interface QueuedRequest {
  readonly id: number;
  readonly text: string;
  readonly spec: RequestSpec<unknown>;
  /** Goes out first on one connection, and is not for another one. */
  readonly isFirst: boolean;
  /** It has had a frame for itself, or is to have one. */
  isAlone: boolean;
  sentAtMs: number;
  /** Null once its caller has an answer or an error. */
  caller: Caller | null;
}

interface Caller {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Stops watching the signal and the timeout. */
  unwatch(): void;
}

/** Frames are closed at this length, far below what a server takes; a longer request has one for itself. */
const FRAME_MAX_CHARS = 16 * 1024;

export class RequestQueue {
  readonly #options: ResolvedClient;
  #queue: Set<QueuedRequest> = new Set();
  readonly #inFlight: Map<number, QueuedRequest> = new Map();
  #lastId = 0;
  #lastSentAtMs = Number.NEGATIVE_INFINITY;
  /** Null while there is no connection. */
  #send: ((text: string) => void) | null = null;
  /** Why there is no connection; null before the first attempt has failed. */
  #lost: HotsetError | null = null;
  #closed: HotsetError | null = null;
  #flushIsDue = false;

  constructor(options: ResolvedClient) {
    this.#options = options;
  }

  /** When a request was sent last, by the client's clock. */
  get lastSentAtMs(): number {
    return this.#lastSentAtMs;
  }

  /** Requests sent and not answered. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Rejects as the methods of `HotsetClient` do. */
  make<T>(spec: RequestSpec<T>, options: CallOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      try {
        const timeoutMs = timeoutOption(options.timeoutMs, this.#options.timeoutMs);
        options.signal?.throwIfAborted();
        this.#checkRoom();
        const request = this.#newRequest(
          spec,
          { resolve: resolve as (value: unknown) => void, reject },
          false,
        );
        this.#watch(request, timeoutMs, options.signal);
        this.#queue.add(request);
        this.#flushSoon();
      } catch (error) {
        reject(error);
        spec.onEnd?.();
      }
    });
  }

  /** There is a connection: sends `first`, each without a timeout, and then what waits. */
  connected(send: (text: string) => void, first: readonly RequestSpec<void>[]): Promise<void>[] {
    this.#send = send;
    const requests: QueuedRequest[] = [];
    const answers = first.map(
      (spec) =>
        new Promise<void>((resolve, reject) => {
          requests.push(this.#newRequest(spec, { resolve: () => resolve(), reject }, true));
        }),
    );
    this.#queue = new Set([...requests, ...this.#queue]);
    this.#flush();
    return answers;
  }

  /** The connection is gone. */
  disconnected(error: HotsetError): void {
    this.#send = null;
    this.#lost = error;
    const sent = [...this.#inFlight.values()];
    const waiting = [...this.#queue];
    this.#inFlight.clear();
    this.#queue.clear();
    for (const request of sent) {
      if (request.caller === null) continue;
      if (request.spec.isRead && !request.isFirst) this.#queue.add(request);
      else end(request)?.reject(uncertain(request, error));
    }
    for (const request of waiting) {
      if (request.isFirst) end(request)?.reject(error);
      else this.#queue.add(request);
    }
  }

  /** Rejects all that waits, and all that is made later. */
  close(error: HotsetError): void {
    this.#closed = error;
    this.#send = null;
    const requests = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue.clear();
    for (const request of requests) end(request)?.reject(error);
  }

  /** Returns when the request was sent; undefined for a reply to no request. */
  receive({ id, result, error }: Reply): number | undefined {
    const request = this.#inFlight.get(id);
    if (request === undefined) return undefined;
    this.#inFlight.delete(id);
    if (this.#queue.size > 0) this.#flushSoon();
    const { spec, sentAtMs } = request;
    if (error !== null && this.#mayFitAlone(request, error)) this.#sendAlone(request);
    else if (error !== null) end(request)?.reject(error);
    else if (request.caller === null) spec.onLate?.(result);
    else {
      try {
        const answer = spec.answer(result, sentAtMs);
        end(request)?.resolve(answer);
      } catch (failure) {
        end(request)?.reject(failure);
      }
    }
    return sentAtMs;
  }

  #newRequest(spec: RequestSpec<unknown>, caller: Omit<Caller, 'unwatch'>, isFirst: boolean): QueuedRequest {
    const id = ++this.#lastId;
    const text = requestText(id, spec.method, spec.params);
    const waiting = { ...caller, unwatch: () => {} };
    return { id, text, spec, isFirst, isAlone: false, sentAtMs: 0, caller: waiting };
  }

  /** The replies to one frame share the bytes that a reply may have; a request alone has them all. */
  #mayFitAlone({ spec, caller, isAlone }: QueuedRequest, { code }: HotsetError): boolean {
    return code === 'HOTSET_REPLY_TOO_LARGE' && spec.isRead && caller !== null && !isAlone;
  }

  #sendAlone(request: QueuedRequest): void {
    request.isAlone = true;
    this.#queue.add(request);
    this.#flushSoon();
  }

  #checkRoom(): void {
    if (this.#closed !== null) throw this.#closed;
    const { maxQueued } = this.#options;
    if (this.#queue.size < maxQueued) return;
    const message = `more requests wait to be sent than maxQueued: ${maxQueued}`;
    throw new HotsetError(this.#send === null ? 'HOTSET_DISCONNECTED' : 'HOTSET_TOO_MANY', message);
  }

  #watch(request: QueuedRequest, timeoutMs: number, signal: AbortSignal | undefined): void {
    const giveUp = (error: unknown): void => {
      this.#queue.delete(request);
      end(request)?.reject(error);
    };
    const cancel =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : scheduleHeld(this.#options.scheduler, timeoutMs, () => giveUp(this.#tooLate(request, timeoutMs)));
    const unwatch = signal === undefined ? undefined : watchAbort(signal, () => giveUp(signal.reason));
    request.caller!.unwatch = () => {
      unwatch?.();
      cancel?.();
    };
  }

  #tooLate(request: QueuedRequest, timeoutMs: number): HotsetError {
    const late = `${request.spec.method} took longer than timeoutMs: ${timeoutMs}`;
    if (this.#inFlight.has(request.id))
      return new HotsetError('HOTSET_TIMEOUT', `${late}; it may be carried out all the same`);
    if (this.#send !== null) return new HotsetError('HOTSET_TIMEOUT', `${late}; it was not sent`);
    const cause = this.#lost;
    const why = cause === null ? '' : ` (${cause.message})`;
    const message = `${late}, and there is no connection${why}; it was not sent`;
    return new HotsetError('HOTSET_DISCONNECTED', message, cause === null ? undefined : { cause });
  }

  /** What is made in one turn goes out together. */
  #flushSoon(): void {
    if (this.#flushIsDue || this.#send === null) return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { clock, maxBatch, maxInFlight } = this.#options;
    let frame: QueuedRequest[] = [];
    let chars = 0;
    const ship = (): void => {
      const texts = frame.map(({ text }) => text);
      if (frame.length === 1) frame[0]!.isAlone = true;
      if (frame.length > 0) this.#send?.(texts.length === 1 ? texts[0]! : `[${texts.join()}]`);
      frame = [];
      chars = 0;
    };
    const now = clock.now();
    for (const request of this.#queue) {
      const length = request.isAlone ? FRAME_MAX_CHARS : request.text.length;
      if (frame.length === maxBatch || chars + length > FRAME_MAX_CHARS) ship();
      // A socket that fails during a send is gone: the remaining requests wait for the next one.
      if (this.#send === null) return;
      if (this.#inFlight.size >= maxInFlight) break;
      this.#queue.delete(request);
      request.sentAtMs = now;
      this.#lastSentAtMs = now;
      this.#inFlight.set(request.id, request);
      frame.push(request);
      chars += length;
    }
    ship();
  }
}

/** Ends the caller's wait, and returns the caller; null when the wait has ended before. */
function end(request: QueuedRequest): Caller | null {
  const { caller } = request;
  if (caller === null) return null;
  request.caller = null;
  caller.unwatch();
  request.spec.onEnd?.();
  return caller;
}

function uncertain({ spec: { method } }: QueuedRequest, cause: HotsetError): HotsetError {
  return new HotsetError(
    'HOTSET_DISCONNECTED',
    `the connection broke before the answer to ${method} came; it may have been carried out (${cause.message})`,
    { cause },
  );
}
