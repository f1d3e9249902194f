/**
 * What is sent on one connection, in what order, and when the connection is paused.
 *
 * - A request that ran before a change gets its reply before the change's invalidation: while a reply is incomplete,
 *   invalidations wait behind it.
 * - A client that does not read is paused. Invalidations that come meanwhile are dropped. `lagged` and
 *   `invalidatedAll` take their place before anything newer; they too wait behind a reply that is half made.
 * - At most `maxUnsentBytes` wait behind a half-made reply, and as much, one reply and one turn's invalidations in the
 *   operating system's queue.
 */

import { CLOSE_CODES } from '../../rpc-protocol.js';
import type { FrameSink } from '../subprotocol.js';
import { batch, notification } from './json-rpc.js';
import type { RpcSettings } from './rpc-context.js';
import type { Subscriber } from './subscriptions/subscription.js';

type OutboxSettings = Pick<RpcSettings, 'maxUnsentBytes' | 'maxBacklogBytes'>;

export class Outbox implements Subscriber {
  readonly #sink: FrameSink;
  readonly #settings: OutboxSettings;
  #isOver = false;
  #isPaused = false;
  #isBusy = false;
  #isStalled = false;
  #replyIsHalfMade = false;
  /** Frames of invalidations that wait behind a half-made reply. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #heldInvalidations = 0;
  #dropped = 0;

  constructor(sink: FrameSink, settings: OutboxSettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  /** Nothing is sent any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The client has to read before more is done for it. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Whether requests wait: then no more are read. */
  set isBusy(busy: boolean) {
    this.#isBusy = busy;
    this.#updatePause();
  }

  /** A reply has been begun, and others have their turn before it is done. */
  holdInvalidations(): void {
    this.#replyIsHalfMade = true;
  }

  /** Sends the reply to a frame, null for none, and what has waited behind it. */
  reply(text: string | null): void {
    if (this.#isOver) return;
    this.#replyIsHalfMade = false;
    if (text !== null) this.#send(text);
    this.#flushHeld();
  }

  /** Sends `count` invalidations in one frame, which other subscribers may get as well. */
  notify(frame: Buffer, count: number): void {
    if (this.#isOver) return;
    if (this.#dropped > 0 || (this.#isStalled && !this.#replyIsHalfMade)) this.drop(count);
    else if (!this.#replyIsHalfMade) this.#send(frame);
    else if (this.#heldBytes + frame.length > this.#settings.maxUnsentBytes) this.drop(count);
    else {
      this.#held.push(frame);
      this.#heldBytes += frame.length;
      this.#heldInvalidations += count;
    }
  }

  /** Drops so many invalidations, and those held: the client gets `lagged` for them. */
  drop(count: number): void {
    if (this.#isOver) return;
    this.#dropped += count + this.#heldInvalidations;
    this.#clearHeld();
    this.#flushHeld();
  }

  /** The operating system has taken everything. */
  onDrain(): void {
    this.#isStalled = false;
    this.#flushHeld();
    this.#updatePause();
  }

  /** Ends the connection when everything sent has gone. */
  end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#sink.end(code, reason);
  }

  /** Forgets everything: nothing more can be sent. */
  close(): void {
    this.#isOver = true;
    this.#clearHeld();
  }

  #flushHeld(): void {
    if (this.#isOver || this.#replyIsHalfMade) return;
    // A reply may have filled the queue.
    if (this.#isStalled && this.#heldInvalidations > 0) {
      this.#dropped += this.#heldInvalidations;
      this.#clearHeld();
    }
    if (this.#isStalled) return;
    if (this.#dropped > 0) {
      const lagged = notification('lagged', { dropped: this.#dropped });
      this.#dropped = 0;
      this.#send(batch([lagged, notification('invalidatedAll', { cause: 'lagged' })]));
      return;
    }
    const held = this.#held;
    this.#clearHeld();
    for (const frame of held) this.#send(frame);
  }

  #clearHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#heldInvalidations = 0;
  }

  #send(text: string | Buffer): void {
    this.#sink.sendText(text);
    const { unsentBytes } = this.#sink;
    if (unsentBytes > this.#settings.maxBacklogBytes)
      this.end(CLOSE_CODES.tryAgainLater, 'the client does not read what it is sent');
    else if (unsentBytes > this.#settings.maxUnsentBytes) this.#isStalled = true;
    this.#updatePause();
  }

  #updatePause(): void {
    const pauses = this.#isBusy || this.#isStalled;
    if (this.#isOver || pauses === this.#isPaused) return;
    this.#isPaused = pauses;
    if (pauses) this.#sink.pause();
    else this.#sink.resume();
  }
}
