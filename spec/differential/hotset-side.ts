/** hotset as the fuzzer talks to it: bare sessions over one store, a manual clock, input cut anywhere. */

import { type CacheEngine, ManualClock } from '../../lib/index.js';
import { ItemStore, openItems } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';
import { createServed } from '../support/stores.js';
import type { Random } from './random.js';

export class HotsetSide {
  readonly clock: ManualClock;
  readonly engine: CacheEngine<string, unknown>;
  readonly #store: ItemStore;
  readonly #out = new ReplyBuffer();
  readonly #sessions = new Map<number, Session>();

  constructor(unixSeconds: number) {
    this.clock = new ManualClock(unixSeconds * 1000);
    this.engine = createServed({ maxBytes: 256 * 1024 * 1024, clock: this.clock });
    this.#store = new ItemStore(openItems(this.engine), { clock: this.clock });
  }

  /** The reply to `input`, which is fed in pieces; `closed` when hotset ends the connection. */
  send(connection: number, input: Buffer, random: Random): { reply: string; closed: boolean } {
    const session = this.#sessions.get(connection) ?? new Session(this.#store, this.#out);
    this.#sessions.set(connection, session);
    const replies: Buffer[] = [];
    const most = random.pick([7, 100, 3000, 1e9]);
    let state: ReturnType<Session['feed']> = 'ready';
    for (let at = 0; at < input.length && state !== 'closed'; ) {
      const length = Math.min(input.length - at, 1 + random.below(most));
      // What a session keeps must not be written over: each piece is a buffer of its own, as from a socket.
      state = session.feed(Buffer.from(input.subarray(at, at + length)));
      at += length;
      this.#collect(replies);
      while (state === 'blocked') {
        state = session.resume();
        this.#collect(replies);
      }
    }
    const closed = state === 'closed';
    if (closed) this.drop(connection);
    return { reply: Buffer.concat(replies).toString('latin1'), closed };
  }

  /** The general statistics. */
  stats(): string {
    const session = new Session(this.#store, this.#out);
    const replies: Buffer[] = [];
    session.feed(Buffer.from('stats\r\n'));
    this.#collect(replies);
    return Buffer.concat(replies).toString('latin1');
  }

  /** The client is gone. */
  drop(connection: number): void {
    this.#sessions.get(connection)?.close();
    this.#sessions.delete(connection);
  }

  #collect(replies: Buffer[]): void {
    replies.push(...this.#out.take().map((piece) => Buffer.from(piece)));
    this.#out.release();
  }
}
