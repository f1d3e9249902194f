/**
 * Requests on their way: first in the queue, then in flight until the server's reply. They are sent in the order
 * in which they were made, and answered in that order.
 *
 * - Both are bounded: `maxQueued` and `maxInFlight`. A request whose caller has given up counts as in flight until
 *   its reply is here: the server is still at work on it.
 * - When the connection breaks, reads that were in flight go back to the front of the queue. A write is never sent
 *   twice: nobody knows whether it was carried out, and its caller is told so.
 */

import { watchAbort } from '../abort-signals.js';
import { HotsetError } from '../errors.js';
import { scheduleHeld } from '../scheduler.js';
import { type Reply, requestText } from './messages.js';
import { type ResolvedClient, timeoutOption } from './options.js';

/** How long one call may take, and what gives it up. */
export interface CallOptions {
  /** How long it may take, time in the queue included; `Infinity` for ever. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
  /** Gives up waiting when it is aborted: what was sent may be carried out all the same. */
  signal?: AbortSignal | undefined;
}

/** What is asked of the server. */
export interface RequestSpec<T> {
  readonly method: string;
  /** An object, as JSON. */
  readonly params?: string;
  /** Whether it may be sent again when nobody knows whether it was carried out. */
  readonly isRead: boolean;
  /**
   * Makes the caller's answer of the result, before anything else that the server sent is looked at. `sentAtMs` is
   * when the request was sent. Throws `HOTSET_PROTOCOL` for a result that makes no sense.
   */
  answer(result: unknown, sentAtMs: number): T;
  /** The caller has an answer or an error. */
  onEnd?(): void;
  /** The result has come after the caller had given up. */
  onLate?(result: unknown): void;
}

interface Call {
  readonly id: number;
  readonly text: string;
  readonly ask: RequestSpec<unknown>;
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
  /** Stops to heed the signal and the timeout. */
  unwatch(): void;
}

/** Frames are closed at this length, far below what a server takes; a longer request has one for itself. */
const FRAME_MAX_CHARS = 16 * 1024;

export class RequestQueue {
  readonly #options: ResolvedClient;
  #queue: Set<Call> = new Set();
  readonly #inFlight: Map<number, Call> = new Map();
  #lastId = 0;
  /** Null while there is no connection. */
  #send: ((text: string) => void) | null = null;
  /** Why there is no connection; null before the first one was sought in vain. */
  #lost: HotsetError | null = null;
  #closed: HotsetError | null = null;
  #flushIsDue = false;

  constructor(options: ResolvedClient) {
    this.#options = options;
  }

  /** Requests sent and not answered. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Rejects as the methods of `HotsetClient` do. */
  make<T>(ask: RequestSpec<T>, options: CallOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      try {
        const timeoutMs = timeoutOption(options.timeoutMs, this.#options.timeoutMs);
        options.signal?.throwIfAborted();
        this.#checkRoom();
        const call = this.#newCall(ask, { resolve: resolve as (value: unknown) => void, reject }, false);
        this.#watch(call, timeoutMs, options.signal);
        this.#queue.add(call);
        this.#flushSoon();
      } catch (error) {
        reject(error);
        ask.onEnd?.();
      }
    });
  }

  /** There is a connection: sends `first`, each without a timeout, and then what waits. */
  connected(send: (text: string) => void, first: readonly RequestSpec<void>[]): Promise<void>[] {
    this.#send = send;
    const calls: Call[] = [];
    const answers = first.map(
      (ask) =>
        new Promise<void>((resolve, reject) => {
          calls.push(this.#newCall(ask, { resolve: () => resolve(), reject }, true));
        }),
    );
    this.#queue = new Set([...calls, ...this.#queue]);
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
    for (const call of sent) {
      if (call.caller === null) continue;
      if (call.ask.isRead && !call.isFirst) this.#queue.add(call);
      else end(call)?.reject(uncertain(call, error));
    }
    for (const call of waiting) {
      if (call.isFirst) end(call)?.reject(error);
      else this.#queue.add(call);
    }
  }

  /** Rejects all that waits, and all that will be asked. */
  close(error: HotsetError): void {
    this.#closed = error;
    this.#send = null;
    const calls = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue.clear();
    for (const call of calls) end(call)?.reject(error);
  }

  /** Returns when the request was sent; undefined for a reply to nothing that was asked. */
  receive({ id, result, error }: Reply): number | undefined {
    const call = this.#inFlight.get(id);
    if (call === undefined) return undefined;
    this.#inFlight.delete(id);
    if (this.#queue.size > 0) this.#flushSoon();
    const { ask, sentAtMs } = call;
    if (error !== null && this.#mayFitAlone(call, error)) this.#askAlone(call);
    else if (error !== null) end(call)?.reject(error);
    else if (call.caller === null) ask.onLate?.(result);
    else {
      try {
        const answer = ask.answer(result, sentAtMs);
        end(call)?.resolve(answer);
      } catch (failure) {
        end(call)?.reject(failure);
      }
    }
    return sentAtMs;
  }

  #newCall(ask: RequestSpec<unknown>, caller: Omit<Caller, 'unwatch'>, isFirst: boolean): Call {
    const id = ++this.#lastId;
    const text = requestText(id, ask.method, ask.params);
    const waiting = { ...caller, unwatch: () => {} };
    return { id, text, ask, isFirst, isAlone: false, sentAtMs: 0, caller: waiting };
  }

  /** The replies to one frame share the room that a reply has; a caller did not ask for others beside it. */
  #mayFitAlone({ ask, caller, isAlone }: Call, { code }: HotsetError): boolean {
    return code === 'HOTSET_REPLY_TOO_LARGE' && ask.isRead && caller !== null && !isAlone;
  }

  #askAlone(call: Call): void {
    call.isAlone = true;
    this.#queue.add(call);
    this.#flushSoon();
  }

  #checkRoom(): void {
    if (this.#closed !== null) throw this.#closed;
    const { maxQueued } = this.#options;
    if (this.#queue.size < maxQueued) return;
    const message = `more requests wait to be sent than maxQueued: ${maxQueued}`;
    throw new HotsetError(this.#send === null ? 'HOTSET_DISCONNECTED' : 'HOTSET_TOO_MANY', message);
  }

  #watch(call: Call, timeoutMs: number, signal: AbortSignal | undefined): void {
    const giveUp = (error: unknown): void => {
      this.#queue.delete(call);
      end(call)?.reject(error);
    };
    const cancel =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : scheduleHeld(this.#options.scheduler, timeoutMs, () => giveUp(this.#tooLate(call, timeoutMs)));
    const unwatch = signal === undefined ? undefined : watchAbort(signal, () => giveUp(signal.reason));
    call.caller!.unwatch = () => {
      unwatch?.();
      cancel?.();
    };
  }

  #tooLate(call: Call, timeoutMs: number): HotsetError {
    const late = `${call.ask.method} took longer than timeoutMs: ${timeoutMs}`;
    if (this.#inFlight.has(call.id))
      return new HotsetError('HOTSET_TIMEOUT', `${late}; it may be carried out all the same`);
    if (this.#send !== null) return new HotsetError('HOTSET_TIMEOUT', `${late}; it was not sent`);
    const cause = this.#lost;
    const why = cause === null ? '' : ` (${cause.message})`;
    const message = `${late}, and there is no connection${why}; it was not sent`;
    return new HotsetError('HOTSET_DISCONNECTED', message, cause === null ? undefined : { cause });
  }

  /** What is asked in one turn goes out together. */
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
    let frame: Call[] = [];
    let chars = 0;
    const ship = (): void => {
      const texts = frame.map(({ text }) => text);
      if (frame.length === 1) frame[0]!.isAlone = true;
      if (frame.length > 0) this.#send?.(texts.length === 1 ? texts[0]! : `[${texts.join()}]`);
      frame = [];
      chars = 0;
    };
    const now = clock.now();
    for (const call of this.#queue) {
      const length = call.isAlone ? FRAME_MAX_CHARS : call.text.length;
      if (frame.length === maxBatch || chars + length > FRAME_MAX_CHARS) ship();
      // A socket that fails while it is sent to is gone: the rest waits for the next one.
      if (this.#send === null) return;
      if (this.#inFlight.size >= maxInFlight) break;
      this.#queue.delete(call);
      call.sentAtMs = now;
      this.#inFlight.set(call.id, call);
      frame.push(call);
      chars += length;
    }
    ship();
  }
}

/** Ends the waiting, and returns who waited; null when it has ended before. */
function end(call: Call): Caller | null {
  const { caller } = call;
  if (caller === null) return null;
  call.caller = null;
  caller.unwatch();
  call.ask.onEnd?.();
  return caller;
}

function uncertain({ ask: { method } }: Call, cause: HotsetError): HotsetError {
  return new HotsetError(
    'HOTSET_DISCONNECTED',
    `the connection broke before the answer to ${method} came; it may have been carried out (${cause.message})`,
    { cause },
  );
}
