/** Runs a row on a bare session, fed in pieces of the caller's choice. */

import { ManualClock } from '../../../lib/index.js';
import { ItemStore } from '../../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../../lib/memcached/reply-buffer.js';
import { Session } from '../../../lib/memcached/session.js';
import { createStore, type StoreName } from '../../support/stores.js';
import type { Row } from '../wire-table.js';

/** Cuts the bytes of one turn into the chunks that the session is fed. */
export type Cut = (bytes: Buffer, turn: number) => Buffer[];

const MAX_BYTES = 8 * 1024 * 1024;

export const WALL_CLOCK_MS: number = Date.UTC(2026, 0, 1);

export interface SessionOutcome {
  readonly replies: string;
  readonly closed: boolean;
  readonly problems: readonly string[];
}

export function runOnSession(row: Row, cut: Cut, store: StoreName): SessionOutcome {
  const clock = new ManualClock(WALL_CLOCK_MS);
  const items = new ItemStore(createStore(store, { clock, maxBytes: MAX_BYTES }), { clock });
  const main = new Connection(items);
  let beside: Connection | undefined;
  const replies: Buffer[] = [];
  row.turns.forEach((turn, index) => {
    if (turn.length === 1) {
      clock.advance(turn[0] * 1000);
      return;
    }
    if (turn[2] === 'beside') beside ??= new Connection(items);
    const connection = turn[2] === 'beside' ? beside! : main;
    for (const chunk of cut(Buffer.from(turn[0], 'latin1'), index)) replies.push(...connection.feed(chunk));
  });
  return {
    replies: Buffer.concat(replies).toString('latin1'),
    closed: main.closed,
    problems: items.entries.verify(),
  };
}

class Connection {
  closed = false;
  readonly #out = new ReplyBuffer();
  readonly #session: Session;

  constructor(items: ItemStore) {
    this.#session = new Session(items, this.#out);
  }

  feed(chunk: Buffer): Buffer[] {
    if (this.closed) return [];
    let state = this.#session.feed(chunk);
    const replies = this.#take();
    while (state === 'blocked') {
      state = this.#session.resume();
      replies.push(...this.#take());
    }
    this.closed = state === 'closed';
    // Its memory is used again.
    chunk.fill(0xff);
    return replies;
  }

  /** The block is used again, as after a write that the operating system took whole. */
  #take(): Buffer[] {
    const replies = this.#out.take().map((piece) => Buffer.from(piece));
    this.#out.release();
    return replies;
  }
}
