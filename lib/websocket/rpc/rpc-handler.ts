/**
 * One client's side of hotset.v1: frames in, one after the other, and their replies out.
 *
 * It never throws on what a client does. When it has done enough for one turn of the event loop (requests, keys, bytes),
 * also in the middle of a batch, it goes on in another; until then, and while the client does not read, the
 * client is not read from. Outbox keeps what is sent in order.
 */

import type { ConnectionState } from '../../memcached/admin/transport.js';
import { REPLIES_MAX_BYTES } from '../../memcached/limits.js';
import type { FrameSink, SubprotocolHandler } from '../subprotocol.js';
import { FrameRequests } from './frame-requests.js';
import { Outbox } from './outbox.js';
import type { RpcContext } from './rpc-context.js';
import { ClientSubscriptions } from './subscriptions/client-subscriptions.js';

const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;

export class RpcHandler implements SubprotocolHandler {
  lastActiveMs: number;
  readonly #context: RpcContext;
  readonly #outlet: FrameSink;
  readonly #outbox: Outbox;
  readonly #subscriptions: ClientSubscriptions;
  /** Frames that have come and wait. */
  readonly #frames: Buffer[] = [];
  /** The frame that has its turn. */
  #exchange: FrameRequests | null = null;
  /** What its results take so far. */
  #madeBytes = 0;
  /** What all know of as waiting here: see `RpcContext`. */
  #waitingBytes = 0;
  /** What may be done before others have their turn. */
  #requestsLeft = 0;
  #bytesLeft = 0;
  #isWorking = false;
  /** It goes on in another turn. */
  #isYielding = false;
  #isDraining = false;

  constructor(outlet: FrameSink, context: RpcContext) {
    this.#context = context;
    this.#outlet = outlet;
    this.#outbox = new Outbox(outlet, context.settings);
    this.#subscriptions = new ClientSubscriptions(context.broadcaster, this.#outbox, context.settings);
    this.lastActiveMs = context.items.clock.now();
    this.#beginTurn();
  }

  get state(): ConnectionState {
    if (this.#isWorking) return 'conn_parse_cmd';
    return this.#isYielding || this.#outbox.isStalled ? 'conn_waiting' : 'conn_read';
  }

  receive(frame: Buffer, isBinary: boolean): void {
    if (this.#outbox.isOver || this.#isDraining) return;
    if (isBinary) {
      this.#outbox.end(UNSUPPORTED_DATA, 'hotset.v1 takes text frames');
      return;
    }
    this.#frames.push(frame);
    this.#work();
    this.lastActiveMs = this.#context.items.clock.now();
  }

  onDrain(): void {
    this.#outbox.onDrain();
    this.#noteWaiting(this.#madeBytes + this.#outlet.unsentBytes);
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
    this.#exchange = null;
    this.#noteWaiting(0);
  }

  /** Does what waits, as far as this turn and the client let it. */
  #work(): void {
    if (this.#isWorking || this.#isYielding || this.#outbox.isOver) return;
    this.#context.items.beginTurn();
    this.#isWorking = true;
    while (this.#mayGoOn()) this.#step();
    this.#isWorking = false;
    this.#rest();
  }

  #mayGoOn(): boolean {
    return (
      this.#hasWork &&
      this.#requestsLeft > 0 &&
      this.#bytesLeft > 0 &&
      !this.#outbox.isStalled &&
      !this.#outbox.isOver
    );
  }

  get #hasWork(): boolean {
    return this.#exchange !== null || this.#frames.length > 0;
  }

  #step(): void {
    this.#exchange ??= this.#nextExchange();
    const exchange = this.#exchange;
    const { replyRoomBytes } = this.#context;
    const { room } = exchange;
    room.bytes = Math.min(room.bytes, replyRoomBytes);
    const roomBefore = room.bytes;
    const copiedBefore = exchange.bytesCopied;
    if (!exchange.isDone) exchange.step();
    this.#requestsLeft--;
    const made = roomBefore - room.bytes;
    this.#bytesLeft -= made + exchange.bytesCopied - copiedBefore;
    this.#madeBytes += made;
    if (exchange.isDone) {
      this.#exchange = null;
      this.#madeBytes = 0;
      this.#outbox.reply(exchange.reply);
    }
    this.#noteWaiting(this.#madeBytes + this.#outlet.unsentBytes);
  }

  #noteWaiting(bytes: number): void {
    this.#context.waitingBytes += bytes - this.#waitingBytes;
    this.#waitingBytes = bytes;
  }

  #nextExchange(): FrameRequests {
    const frame = this.#frames.shift()!;
    this.#bytesLeft -= frame.length;
    return new FrameRequests(frame, this.#outlet.id, this.#context, this.#subscriptions);
  }

  /** What waits is for another turn, or for the client to read. */
  #rest(): void {
    if (this.#outbox.isOver) return;
    if (this.#exchange !== null) this.#outbox.holdNotices();
    this.#outbox.isBusy = this.#hasWork;
    if (!this.#hasWork) {
      if (this.#isDraining) this.#outbox.end(GOING_AWAY, 'the server stops');
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
