/**
 * One client's side of hotset.v1: reads frames, one after the other, and sends their replies.
 *
 * It never throws on what a client does. When it has done enough for one turn of the event loop (requests, keys, bytes), also in the
 * middle of a batch, it continues in another turn. Until then, and while the client does not read, it reads nothing more from the
 * client. Outbox keeps the order of what is sent.
 */

import { REPLIES_MAX_BYTES } from '../../memcached/limits.js';
import { CLOSE_CODES } from '../../rpc-protocol.js';
import type { ConnectionState } from '../../transport.js';
import type { FrameSink, SubprotocolHandler } from '../subprotocol.js';
import { FrameRequests } from './frame-requests.js';
import { Outbox } from './outbox.js';
import type { RpcContext } from './rpc-context.js';
import { ClientSubscriptions } from './subscriptions/client-subscriptions.js';

export class RpcHandler implements SubprotocolHandler {
  readonly #context: RpcContext;
  readonly #sink: FrameSink;
  readonly #outbox: Outbox;
  readonly #subscriptions: ClientSubscriptions;
  /** Frames that have come and wait. */
  readonly #frames: Buffer[] = [];
  /** The frame that has its turn. */
  #frame: FrameRequests | null = null;
  /** What its results take up to now. */
  #madeBytes = 0;
  /** Its share of `RpcContext.waitingBytes`. */
  #waitingBytes = 0;
  /** What may be done before others have their turn. */
  #requestsLeft = 0;
  #bytesLeft = 0;
  #isWorking = false;
  /** It continues in another turn. */
  #isYielding = false;
  #isDraining = false;

  constructor(sink: FrameSink, context: RpcContext) {
    this.#context = context;
    this.#sink = sink;
    this.#outbox = new Outbox(sink, context.settings);
    this.#subscriptions = new ClientSubscriptions(context.broadcaster, this.#outbox, context.settings);
    this.#beginTurn();
  }

  get state(): ConnectionState {
    if (this.#isWorking) return 'conn_parse_cmd';
    return this.#isYielding || this.#outbox.isStalled ? 'conn_waiting' : 'conn_read';
  }

  receive(frame: Buffer, isBinary: boolean): void {
    if (this.#outbox.isOver || this.#isDraining) return;
    if (isBinary) {
      this.#outbox.end(CLOSE_CODES.unsupportedData, 'hotset.v1 takes text frames');
      return;
    }
    this.#frames.push(frame);
    this.#work();
  }

  onDrain(): void {
    this.#outbox.onDrain();
    this.#noteWaiting(this.#madeBytes + this.#sink.unsentBytes);
    this.#work();
  }

  drain(): void {
    this.#isDraining = true;
    this.#work();
  }

  onClose(): void {
    this.#outbox.close();
    this.#subscriptions.close();
    this.#frames.length = 0;
    this.#frame = null;
    this.#noteWaiting(0);
  }

  /** Does what waits, as far as this turn's limits and the client allow. */
  #work(): void {
    if (this.#isWorking || this.#isYielding || this.#outbox.isOver) return;
    this.#context.items.beginTurn();
    this.#isWorking = true;
    while (this.#mayContinue()) this.#step();
    this.#context.items.endTurn();
    this.#isWorking = false;
    this.#waitForMore();
  }

  #mayContinue(): boolean {
    return (
      this.#hasWork &&
      this.#requestsLeft > 0 &&
      this.#bytesLeft > 0 &&
      !this.#outbox.isStalled &&
      !this.#outbox.isOver
    );
  }

  get #hasWork(): boolean {
    return this.#frame !== null || this.#frames.length > 0;
  }

  #step(): void {
    this.#frame ??= this.#nextFrame();
    const frame = this.#frame;
    const { maxReplyBytes } = this.#context;
    const { replyBudget } = frame;
    replyBudget.bytes = Math.min(replyBudget.bytes, maxReplyBytes);
    const budgetBefore = replyBudget.bytes;
    const copiedBefore = frame.bytesCopied;
    if (!frame.isDone) frame.step();
    this.#requestsLeft--;
    const made = budgetBefore - replyBudget.bytes;
    // What is refused gives its part of the reply back, and not that of the turn.
    this.#bytesLeft -= Math.max(0, made) + frame.bytesCopied - copiedBefore;
    this.#madeBytes += made;
    if (frame.isDone) {
      this.#frame = null;
      this.#madeBytes = 0;
      this.#outbox.reply(frame.reply);
    }
    this.#noteWaiting(this.#madeBytes + this.#sink.unsentBytes);
  }

  #noteWaiting(bytes: number): void {
    this.#context.waitingBytes += bytes - this.#waitingBytes;
    this.#waitingBytes = bytes;
  }

  #nextFrame(): FrameRequests {
    const frame = this.#frames.shift()!;
    this.#bytesLeft -= frame.length;
    return new FrameRequests(frame, this.#sink.id, this.#context, this.#subscriptions);
  }

  /** What waits is for another turn, or for the client to read. */
  #waitForMore(): void {
    if (this.#outbox.isOver) return;
    if (this.#frame !== null) this.#outbox.holdInvalidations();
    this.#outbox.isBusy = this.#hasWork;
    if (!this.#hasWork) {
      if (this.#isDraining) this.#outbox.end(CLOSE_CODES.goingAway, 'the server stops');
    } else if (!this.#outbox.isStalled) this.#yield();
  }

  #yield(): void {
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      this.#beginTurn();
      this.#work();
    });
  }

  #beginTurn(): void {
    this.#requestsLeft = this.#context.items.requestsPerTurn;
    this.#bytesLeft = REPLIES_MAX_BYTES;
  }
}
