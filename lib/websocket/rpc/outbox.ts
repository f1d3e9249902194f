/**
 * What is sent on one connection, in what order, and when its client is not read from.
 *
 * - A reply that was carried out before a change is sent before the change is told: what is to be told while a reply
 *   is half made waits behind it.
 * - A client that does not read is paused. What it would be told meanwhile is dropped, and made good by a notice that says
 *   so before anything newer; that notice too waits behind a reply that is half made.
 * - At most `maxUnsentBytes` wait behind a half-made reply, and as much, one reply and what was told at once in the
 *   operating system's queue.
 */

import type { FrameSink } from '../subprotocol.js';
import { batch, notification } from './json-rpc.js';
import type { RpcSettings } from './rpc-context.js';
import type { Subscriber } from './subscriptions/subscription.js';

/** The client does not read. */
const TRY_AGAIN_LATER = 1013;

export class Outbox implements Subscriber {
  readonly #outlet: FrameSink;
  readonly #settings: Pick<RpcSettings, 'maxUnsentBytes' | 'maxBacklogBytes'>;
  #isOver = false;
  #isPaused = false;
  #isBusy = false;
  #isStalled = false;
  #replyIsHalfMade = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #heldNotices = 0;
  #dropped = 0;

  constructor(outlet: FrameSink, settings: Pick<RpcSettings, 'maxUnsentBytes' | 'maxBacklogBytes'>) {
    this.#outlet = outlet;
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
    this.#choosePause();
  }

  /** A reply has been begun, and others have their turn before it is done. */
  holdNotices(): void {
    this.#replyIsHalfMade = true;
  }

  /** Sends the reply to a frame, null for none, and what has waited behind it. */
  reply(text: string | null): void {
    if (this.#isOver) return;
    this.#replyIsHalfMade = false;
    if (text !== null) this.#send(text);
    this.#tellWhatWaits();
  }

  /** Tells the client of changes: `notices` of them, in a frame that others may be sent as well. */
  tell(frame: Buffer, notices: number): void {
    if (this.#isOver) return;
    if (this.#dropped > 0 || (this.#isStalled && !this.#replyIsHalfMade)) this.lag(notices);
    else if (!this.#replyIsHalfMade) this.#send(frame);
    else if (this.#heldBytes + frame.length > this.#settings.maxUnsentBytes) this.lag(notices);
    else {
      this.#held.push(frame);
      this.#heldBytes += frame.length;
      this.#heldNotices += notices;
    }
  }

  /** The client cannot be told of so many changes: it will hear that it was not. */
  lag(notices: number): void {
    if (this.#isOver) return;
    this.#dropped += notices + this.#heldNotices;
    this.#forgetHeld();
    this.#tellWhatWaits();
  }

  /** The operating system has taken everything. */
  onDrain(): void {
    this.#isStalled = false;
    this.#tellWhatWaits();
    this.#choosePause();
  }

  /** Ends the connection when everything sent has gone. */
  end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#outlet.end(code, reason);
  }

  /** Forgets everything: nothing more can be sent. */
  close(): void {
    this.#isOver = true;
    this.#forgetHeld();
  }

  #tellWhatWaits(): void {
    if (this.#isOver || this.#replyIsHalfMade) return;
    // A reply may have filled the queue.
    if (this.#isStalled && this.#heldNotices > 0) {
      this.#dropped += this.#heldNotices;
      this.#forgetHeld();
    }
    if (this.#isStalled) return;
    if (this.#dropped > 0) {
      const dropped = notification('lagged', `{"dropped":${this.#dropped}}`);
      this.#dropped = 0;
      this.#send(batch([dropped, notification('invalidatedAll', '{"cause":"lagged"}')]));
      return;
    }
    const held = this.#held;
    this.#forgetHeld();
    for (const frame of held) this.#send(frame);
  }

  #forgetHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#heldNotices = 0;
  }

  #send(text: string | Buffer): void {
    this.#outlet.sendText(text);
    const { unsentBytes } = this.#outlet;
    if (unsentBytes > this.#settings.maxBacklogBytes)
      this.end(TRY_AGAIN_LATER, 'the client does not read what it is sent');
    else if (unsentBytes > this.#settings.maxUnsentBytes) this.#isStalled = true;
    this.#choosePause();
  }

  #choosePause(): void {
    const pauses = this.#isBusy || this.#isStalled;
    if (this.#isOver || pauses === this.#isPaused) return;
    this.#isPaused = pauses;
    if (pauses) this.#outlet.pause();
    else this.#outlet.resume();
  }
}
