/** A hotset.v1 handler without a socket: frames in as texts, and whatever comes out. */

import { type CacheEngine, type CacheEngineOptions, ManualClock } from '../../../lib/index.js';
import { ItemStore, type ItemStoreOptions, openItems } from '../../../lib/memcached/item-store.js';
import { RpcContext, type RpcSettings } from '../../../lib/websocket/rpc/rpc-context.js';
import { RpcHandler } from '../../../lib/websocket/rpc/rpc-handler.js';
import type { FrameSink, SubprotocolHandler } from '../../../lib/websocket/subprotocol.js';
import { createServed } from '../../support/stores.js';

export const START_MS: number = Date.UTC(2026, 0, 1);

/** What a client would receive. Everything is taken at once unless the client is told not to read. */
export class FakeSink implements FrameSink {
  readonly id: number;
  unsentBytes = 0;
  reads = true;
  isPaused = false;
  ended: { code: number; reason: string } | null = null;
  readonly frames: (string | Buffer)[] = [];
  onSend: (() => void) | null = null;

  constructor(id: number) {
    this.id = id;
  }

  sendText(text: string | Buffer): void {
    if (this.ended !== null) throw new Error('sent after the end');
    this.frames.push(text);
    if (!this.reads) this.unsentBytes += Buffer.byteLength(text);
    this.onSend?.();
  }

  sendBinary(): void {
    throw new Error('hotset.v1 sends no binary frames');
  }

  pause(): void {
    if (this.isPaused) throw new Error('paused twice');
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) throw new Error('resumed without a pause');
    this.isPaused = false;
  }

  end(code: number, reason: string): void {
    if (this.ended !== null) throw new Error('ended twice');
    this.ended = { code, reason };
  }

  cut(): void {
    this.end(1006, '');
  }
}

/** A client, seen from the server. */
export class Peer {
  readonly sink: FakeSink;
  readonly handler: SubprotocolHandler;
  #lastId = 0;

  constructor(id: number, context: RpcContext) {
    this.sink = new FakeSink(id);
    this.handler = new RpcHandler(this.sink, context);
  }

  send(frame: string | Buffer | object): void {
    const bytes =
      typeof frame === 'string'
        ? Buffer.from(frame)
        : Buffer.isBuffer(frame)
          ? frame
          : Buffer.from(JSON.stringify(frame));
    this.handler.receive(bytes, false);
  }

  /** Frames since the last time, as texts. */
  texts(): string[] {
    return this.sink.frames.splice(0).map(String);
  }

  /** Frames since the last time, as what their JSON says. */
  frames(): unknown[] {
    return this.texts().map((text) => JSON.parse(text) as unknown);
  }

  /** Sends a request and returns what it is answered with: it must be answered at once. */
  call(method: string, params?: object): unknown {
    const id = ++this.#lastId;
    this.send({ jsonrpc: '2.0', id, method, params });
    return resultOf(this.frames(), id);
  }

  /** The same, however many turns that takes. */
  async ask(method: string, params?: object): Promise<unknown> {
    const id = ++this.#lastId;
    this.send({ jsonrpc: '2.0', id, method, params });
    while (this.sink.frames.length === 0) await turn();
    return resultOf(this.frames(), id);
  }

  /** The client reads everything. */
  drain(): void {
    this.sink.unsentBytes = 0;
    this.handler.onDrain();
  }
}

function resultOf(frames: readonly unknown[], id: number): unknown {
  if (frames.length !== 1) throw new Error(`${frames.length} frames: ${JSON.stringify(frames)}`);
  const reply = frames[0] as { id: number; result?: unknown; error?: unknown };
  if (reply.id !== id) throw new Error(`a reply to ${reply.id}`);
  return reply.error === undefined ? reply.result : { error: reply.error };
}

export class Endpoint {
  readonly clock: ManualClock = new ManualClock(START_MS);
  readonly engine: CacheEngine<string, unknown>;
  readonly items: ItemStore;
  readonly context: RpcContext;
  readonly errors: unknown[] = [];
  #lastId = 0;

  constructor(
    settings: Partial<RpcSettings> = {},
    itemOptions: ItemStoreOptions = {},
    engineOptions: CacheEngineOptions<string, unknown> = {},
  ) {
    this.engine = createServed({
      maxBytes: '64MiB',
      clock: this.clock,
      ...engineOptions,
    });
    this.items = new ItemStore(openItems(this.engine), { clock: this.clock, ...itemOptions });
    this.context = new RpcContext(this.items, {
      access: 'full',
      maxSubscriptions: 100,
      maxSubscriptionBytes: 64 * 1024 * 1024,
      maxBatch: 1000,
      maxReplyBytes: 16 * 1024 * 1024,
      maxRepliesBytes: 128 * 1024 * 1024,
      maxUnsentBytes: 1024 * 1024,
      maxBacklogBytes: 32 * 1024 * 1024,
      onError: (error) => this.errors.push(error),
      ...settings,
    });
  }

  connect(): Peer {
    return new Peer(++this.#lastId, this.context);
  }
}

/** Lets everything happen that waits for the end of this turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
