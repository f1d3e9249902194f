/**
 * One connection at a time to one server: sends commands in a pipeline, and hands replies to them in the same order. Connects again
 * by itself, after a random and growing wait.
 *
 * - While it waits to connect again, requests are refused at once: a cache has another source.
 * - A request that was sent is never sent again. What became of it is unknown when the connection ends before its reply.
 * - A request whose caller has given up still takes its reply: the pipeline stays in step.
 * - A server that has not understood, or says what was not asked, loses its connection: nothing that follows can be trusted.
 * - Bounded: requests and bytes that wait, requests in flight, a line, a value, and the time of each.
 *
 * At most one socket is current. Events of earlier ones are ignored.
 */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { watchAbort } from '../abort-signals.js';
import { HotsetError } from '../errors.js';
import type { ScheduledTask } from '../scheduler.js';
import { type ResolvedAddress, shownAddress } from './address.js';
import type { Command } from './command.js';
import { Fifo } from './fifo.js';
import type { MemcachedClientState, ResolvedMemcachedClient } from './options.js';
import { broken, ReplyParser } from './reply-parser.js';

interface Pending {
  readonly command: Command<unknown>;
  readonly bytes: number;
  /** When its caller gives up. */
  readonly dueMs: number;
  /** Null once its caller has an answer or an error. */
  caller: Caller | null;
}

interface Caller {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  unwatch: (() => void) | undefined;
}

/** With more unsent bytes than this, requests wait in the queue, whose bytes are counted. */
const UNSENT_MAX_BYTES: number = 1024 * 1024;
/** Shorter values are joined to the text around them: one write costs more than the copy. */
const JOINED_MAX_BYTES = 4096;

export class Connection {
  readonly #address: ResolvedAddress;
  readonly #options: ResolvedMemcachedClient;
  readonly #queue: Fifo<Pending> = new Fifo();
  #queuedBytes = 0;
  readonly #inFlight: Fifo<Pending> = new Fifo();
  #state: MemcachedClientState = 'connecting';
  #socket: Socket | null = null;
  #parser: ReplyParser | null = null;
  /** Connections so far: a server that was restarted in between has another number. */
  #epoch = 0;
  #failures = 0;
  /** Why there is no connection. */
  #lost: HotsetError | undefined;
  #cancelAttempt: () => void = () => {};
  #timer: ScheduledTask | null = null;
  /** When a byte came last. */
  #heardMs = 0;
  #flushIsDue = false;

  constructor(address: ResolvedAddress, options: ResolvedMemcachedClient) {
    this.#address = address;
    this.#options = options;
    // The callback for states may refer to the client.
    queueMicrotask(() => this.#connect());
  }

  get state(): MemcachedClientState {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Rejects with `HOTSET_DISCONNECTED`, `HOTSET_TIMEOUT`, `HOTSET_TOO_MANY`, `HOTSET_CLOSED`, or the reason of `signal`. */
  request<T>(command: Command<T>, signal?: AbortSignal): Promise<Awaited<T>> {
    return new Promise<Awaited<T>>((resolve, reject) => {
      signal?.throwIfAborted();
      const bytes = bytesOf(command);
      this.#checkRoom(bytes);
      const { clock, timeoutMs } = this.#options;
      const caller: Caller = { resolve: resolve as (value: unknown) => void, reject, unwatch: undefined };
      const pending: Pending = { command, bytes, dueMs: clock.now() + timeoutMs, caller };
      if (signal !== undefined)
        caller.unwatch = watchAbort(signal, () => end(pending)?.reject(signal.reason));
      this.#queue.push(pending);
      this.#queuedBytes += bytes;
      this.#hold(true);
      if (this.#timer === null) this.#setTimer(timeoutMs);
      this.#flushSoon();
    });
  }

  close(): void {
    if (this.#state === 'closed') return;
    const error = new HotsetError('HOTSET_CLOSED', 'the client has been closed');
    this.#release();
    this.#enter('closed');
    this.#rejectAll(error, error);
  }

  #checkRoom(bytes: number): void {
    if (this.#state === 'closed') throw new HotsetError('HOTSET_CLOSED', 'the client has been closed');
    if (this.#state === 'disconnected') throw this.#unreachable();
    const { maxQueued, maxQueuedBytes } = this.#options;
    if (this.#queue.size >= maxQueued)
      throw new HotsetError('HOTSET_TOO_MANY', `more requests wait to be sent than maxQueued: ${maxQueued}`);
    if (this.#queuedBytes + bytes > maxQueuedBytes && this.#queue.size > 0)
      throw new HotsetError(
        'HOTSET_TOO_MANY',
        `requests that wait to be sent take more than maxQueuedBytes: ${maxQueuedBytes}`,
      );
  }

  #unreachable(): HotsetError {
    const cause = this.#lost;
    const why = cause === undefined ? '' : ` (${cause.message})`;
    return new HotsetError('HOTSET_DISCONNECTED', `${shownAddress(this.#address)} is not reached${why}`, {
      cause,
    });
  }

  // Connecting

  #connect(): void {
    if (this.#state === 'closed') return;
    const { connectTimeoutMs, scheduler, tls } = this.#options;
    this.#enter('connecting');
    if ((this.#state as MemcachedClientState) === 'closed') return;
    const cancel = scheduler.schedule(connectTimeoutMs, () =>
      this.#cut(this.#disconnected(`no connection within connectTimeoutMs: ${connectTimeoutMs}`)),
    );
    this.#cancelAttempt = cancel;
    let socket: Socket;
    try {
      socket =
        tls === null
          ? connectTcp(this.#address)
          : connectTls({ ...this.#address, ...serverNameOf(this.#address), ...tls });
    } catch (cause) {
      this.#cut(this.#disconnected('it cannot be connected to', cause));
      return;
    }
    this.#socket = socket;
    const onCurrent =
      <A extends unknown[]>(listener: (...args: A) => void): ((...args: A) => void) =>
      (...args) => {
        if (socket === this.#socket) listener(...args);
      };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket
      .on(
        tls === null ? 'connect' : 'secureConnect',
        onCurrent(() => this.#onConnect(socket)),
      )
      .on(
        'data',
        onCurrent((chunk: Buffer) => this.#onData(chunk)),
      )
      .on(
        'drain',
        onCurrent(() => this.#flush()),
      )
      .on('error', (cause: Error) => {
        if (socket === this.#socket) this.#cut(this.#disconnected(cause.message, cause));
      })
      .on(
        'close',
        onCurrent(() => this.#cut(this.#disconnected('the connection was closed'))),
      );
    this.#hold(this.#isWaitedFor);
  }

  #onConnect(socket: Socket): void {
    const { auth, maxValueBytes } = this.#options;
    if (auth === null) {
      this.#parser = new ReplyParser(maxValueBytes, (line, data) => this.#onReply(line, data));
      this.#onReady();
      return;
    }
    this.#parser = new ReplyParser(maxValueBytes, (line) => {
      if (line !== 'STORED')
        throw new HotsetError('HOTSET_FORBIDDEN', `the memcached server answered: ${line}`);
      this.#parser?.stop();
      this.#parser = new ReplyParser(maxValueBytes, (reply, data) => this.#onReply(reply, data));
      this.#onReady();
    });
    const credentials = Buffer.from(`${auth.user} ${auth.password}`);
    socket.write(`set auth 0 0 ${credentials.length}\r\n`);
    socket.write(Buffer.concat([credentials, Buffer.from('\r\n')]));
  }

  #onReady(): void {
    this.#cancelAttempt();
    this.#epoch++;
    this.#heardMs = this.#options.clock.now();
    this.#enter('connected');
    this.#flush();
  }

  /** Drops the connection, or the attempt, and connects again after a wait. */
  #cut(error: HotsetError): void {
    if (this.#state === 'closed') return;
    // A server that ends what was idle is probably there: whoever asks next need not be refused.
    const wasIdle =
      error.code === 'HOTSET_DISCONNECTED' &&
      this.#state === 'connected' &&
      this.#failures === 0 &&
      this.#inFlight.size === 0;
    this.#release();
    this.#lost = error;
    if (wasIdle) {
      this.#failures++;
      this.#connect();
      return;
    }
    const { backoffBaseMs, maxBackoffMs, random, scheduler } = this.#options;
    const longestMs = Math.min(maxBackoffMs, backoffBaseMs * 2 ** this.#failures++);
    this.#cancelAttempt = scheduler.schedule(random() * longestMs, () => this.#connect());
    this.#enter('disconnected', error);
    const uncertain = new HotsetError(
      error.code,
      `the connection to ${shownAddress(this.#address)} broke before the answer came; the request may have been carried out (${error.message})`,
      { cause: error },
    );
    this.#rejectAll(uncertain, this.#unreachable());
  }

  #disconnected(message: string, cause?: unknown): HotsetError {
    const where = shownAddress(this.#address);
    return new HotsetError(
      'HOTSET_DISCONNECTED',
      `${where}: ${message}`,
      cause === undefined ? undefined : { cause },
    );
  }

  /** Forgets the socket and what is to come. */
  #release(): void {
    this.#cancelAttempt();
    this.#parser?.stop();
    this.#parser = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }

  #rejectAll(sent: HotsetError, unsent: HotsetError): void {
    const inFlight = this.#inFlight.drain();
    const queued = this.#queue.drain();
    this.#queuedBytes = 0;
    this.#timer?.();
    this.#timer = null;
    for (const pending of inFlight) end(pending)?.reject(sent);
    for (const pending of queued) end(pending)?.reject(unsent);
  }

  // Replies

  #onData(chunk: Buffer): void {
    this.#heardMs = this.#options.clock.now();
    try {
      this.#parser?.feed(chunk);
    } catch (error) {
      this.#cut(error as HotsetError);
      return;
    }
    if (this.#queue.size > 0) this.#flush();
    else if (this.#inFlight.size === 0) this.#hold(false);
  }

  #onReply(line: string, data: Buffer | null): void {
    const pending = this.#inFlight.peek();
    if (pending === undefined) throw broken('a reply without a request');
    if (!pending.command.take(line, data)) return;
    this.#inFlight.shift();
    this.#failures = 0;
    const caller = end(pending);
    if (caller === null) {
      pending.command.onLate?.();
      return;
    }
    try {
      caller.resolve(pending.command.answer());
    } catch (error) {
      caller.reject(error);
    }
  }

  // Sending

  /** What is asked for in one turn goes out together. */
  #flushSoon(): void {
    if (this.#flushIsDue || this.#state !== 'connected') return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const socket = this.#socket;
    if (this.#state !== 'connected' || socket === null) return;
    const { maxInFlight } = this.#options;
    let text = '';
    const isCorked = this.#queue.size > 1 || (this.#queue.peek()?.command.parts.length ?? 0) > 1;
    if (isCorked) socket.cork();
    while (this.#inFlight.size < maxInFlight && socket.writableLength + text.length < UNSENT_MAX_BYTES) {
      const pending = this.#queue.shift();
      if (pending === undefined) break;
      this.#queuedBytes -= pending.bytes;
      if (pending.caller === null) continue;
      this.#inFlight.push(pending);
      for (const part of pending.command.parts) {
        if (typeof part === 'string') text += part;
        else if (part.length <= JOINED_MAX_BYTES) text += latin1Of(part);
        else {
          if (text !== '') socket.write(text, 'latin1');
          socket.write(part);
          text = '';
        }
      }
    }
    if (text !== '') socket.write(text, 'latin1');
    if (isCorked) socket.uncork();
    if (!this.#isWaitedFor) this.#hold(false);
  }

  // Time

  /** One timer for all: requests fall due in the order in which they were made. */
  #setTimer(delayMs: number): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.scheduler.schedule(delayMs, () => {
      this.#timer = null;
      this.#onTimer();
    });
  }

  #onTimer(): void {
    const { clock, timeoutMs } = this.#options;
    const now = clock.now();
    const quietMs = now - this.#heardMs;
    const sent = this.#inFlight.peek();
    if (sent !== undefined && sent.dueMs <= now && quietMs >= timeoutMs) {
      this.#cut(this.#timedOut(`nothing came for timeoutMs: ${timeoutMs}`));
      return;
    }
    for (const pending of this.#queue) {
      if (pending.dueMs > now) break;
      end(pending)?.reject(this.#timedOut(`a request was not sent within timeoutMs: ${timeoutMs}`));
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const pending of this.#inFlight) {
      if (pending.dueMs > now) {
        nextMs = pending.dueMs - now;
        break;
      }
      const late = `a request took longer than timeoutMs: ${timeoutMs}; it may be carried out all the same`;
      end(pending)?.reject(this.#timedOut(late));
    }
    for (const { dueMs } of this.#queue) {
      if (dueMs <= now) continue;
      nextMs = Math.min(nextMs, dueMs - now);
      break;
    }
    // Its callers have given up; whether it is alive is still to be seen.
    if (sent !== undefined && sent.dueMs <= now) nextMs = Math.min(nextMs, timeoutMs - quietMs);
    if (nextMs !== Number.POSITIVE_INFINITY) this.#setTimer(nextMs);
  }

  #timedOut(message: string): HotsetError {
    return new HotsetError('HOTSET_TIMEOUT', `${shownAddress(this.#address)}: ${message}`);
  }

  /** The process ends when nobody waits for an answer. */
  #hold(isHeld: boolean): void {
    if (isHeld) this.#socket?.ref();
    else this.#socket?.unref();
  }

  get #isWaitedFor(): boolean {
    return this.#queue.size > 0 || this.#inFlight.size > 0;
  }

  #enter(state: MemcachedClientState, error?: HotsetError): void {
    this.#state = state;
    try {
      this.#options.onStateChange(state, error);
    } catch {
      // Nobody is left to report it to.
    }
  }
}

/** Ends the caller's wait, and returns the caller; null when the wait has ended before. */
function end(pending: Pending): Caller | null {
  const { caller } = pending;
  pending.caller = null;
  caller?.unwatch?.();
  return caller;
}

/** A server behind one address for several is told which one is meant, unless that is an address itself. */
function serverNameOf(address: ResolvedAddress): { readonly servername?: string } {
  return 'host' in address && isIP(address.host) === 0 ? { servername: address.host } : {};
}

function bytesOf({ parts }: Command<unknown>): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}

function latin1Of(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
