/** A session with its buffer and engine, for specs that feed it bytes. */

import { ManualClock } from '../../lib/index.js';
import type { Items } from '../../lib/items.js';
import { ItemStore, type ItemStoreOptions } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session, type SessionOptions, type SessionState } from '../../lib/memcached/session.js';
import { createStore, type StoreName } from '../support/stores.js';

export class ScriptedSession {
  readonly clock: ManualClock = new ManualClock(Date.UTC(2026, 0, 1));
  readonly entries: Items;
  readonly items: ItemStore;
  readonly out: ReplyBuffer = new ReplyBuffer();
  readonly session: Session;
  /** The most bytes that have waited to be taken. */
  mostWaiting = 0;
  /** Bytes that `read` has written to places. */
  placedBytes = 0;
  state: SessionState = 'ready';
  readonly #replies: Buffer[] = [];

  constructor(
    options: ItemStoreOptions = {},
    maxBytes: number = 64 * 1024 * 1024,
    sessionOptions: SessionOptions = {},
    store: StoreName = 'engine',
  ) {
    this.entries = createStore(store, { maxBytes, clock: this.clock });
    this.items = new ItemStore(this.entries, { clock: this.clock, ...options });
    this.session = new Session(this.items, this.out, sessionOptions);
  }

  /** Feeds, and takes replies until the session has worked on all of it; false when it is over. */
  feed(data: string | Buffer): boolean {
    if (this.state === 'closed') return false;
    const chunk = Buffer.from(data as string, 'latin1');
    this.state = this.session.feed(chunk);
    // Its memory is used again.
    chunk.fill(0xff);
    this.#take();
    while (this.state === 'blocked') {
      this.state = this.session.resume();
      this.#take();
    }
    return this.state === 'ready';
  }

  /** As `feed`, the way a socket does it that reads to the session's place while there is one. */
  read(data: Buffer, chunkMaxBytes: number): boolean {
    for (let at = 0; at < data.length && this.state !== 'closed'; ) {
      const { place } = this.session;
      const room = place === null ? chunkMaxBytes : Math.min(place.length, chunkMaxBytes * 4);
      const piece = data.subarray(at, at + room);
      at += piece.length;
      if (place === null) this.feed(piece);
      else {
        piece.copy(place);
        this.placedBytes += piece.length;
        this.feed(this.session.advance(piece.length));
      }
    }
    return this.state === 'ready';
  }

  /** All replies since the last time. */
  replies(): string {
    return Buffer.concat(this.#replies.splice(0)).toString('latin1');
  }

  ask(data: string | Buffer): string {
    this.feed(data);
    return this.replies();
  }

  #take(): void {
    this.mostWaiting = Math.max(this.mostWaiting, this.out.length);
    for (const piece of this.out.take()) this.#replies.push(Buffer.from(piece));
    this.out.release();
  }
}
