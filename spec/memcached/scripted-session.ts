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
  readonly out: ReplyBuffer = new ReplyBuffer();
  readonly session: Session;
  /** The most bytes that have waited to be taken. */
  mostWaiting = 0;
  state: SessionState = 'ready';
  readonly #replies: Buffer[] = [];

  constructor(
    options: ItemStoreOptions = {},
    maxBytes: number = 64 * 1024 * 1024,
    sessionOptions: SessionOptions = {},
    store: StoreName = 'engine',
  ) {
    this.entries = createStore(store, { maxBytes, clock: this.clock });
    this.session = new Session(
      new ItemStore(this.entries, { clock: this.clock, ...options }),
      this.out,
      sessionOptions,
    );
  }

  /** Feeds, and takes replies until the session has worked on all of it; false when it is over. */
  feed(data: string | Buffer): boolean {
    if (this.state === 'closed') return false;
    const chunk = Buffer.from(data as string, 'latin1');
    this.state = this.session.feed(chunk);
    this.#take();
    while (this.state === 'blocked') {
      this.state = this.session.resume();
      this.#take();
    }
    // Its memory is used again.
    chunk.fill(0xff);
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
