/** Runs a row on a bare session, fed in pieces of the caller's choice. */

import { CacheEngine, ManualClock } from '../../../lib/index.js';
import { ItemStore } from '../../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../../lib/memcached/reply-buffer.js';
import { Session } from '../../../lib/memcached/session.js';
import { type WireValue, wireValueBytes } from '../../../lib/memcached/wire-value.js';
import type { Row } from '../wire-table.js';

/** Cuts the bytes of one turn into the chunks that the session is fed. */
export type Cut = (bytes: Buffer, turn: number) => Buffer[];

export const WALL_CLOCK_MS: number = Date.UTC(2026, 0, 1);

export interface SessionOutcome {
  readonly replies: string;
  readonly closed: boolean;
  readonly problems: readonly string[];
}

export function runOnSession(row: Row, cut: Cut): SessionOutcome {
  const clock = new ManualClock(WALL_CLOCK_MS);
  const engine = new CacheEngine<string, WireValue>({ clock, sizeOf: wireValueBytes, trackAccess: true });
  const out = new ReplyBuffer();
  const session = new Session(new ItemStore(engine, { clock }), out);
  const replies: Buffer[] = [];
  let closed = false;
  row.turns.forEach((turn, index) => {
    if (turn.length === 1) {
      clock.advance(turn[0] * 1000);
      return;
    }
    for (const chunk of cut(Buffer.from(turn[0], 'latin1'), index)) {
      if (closed) break;
      let state = session.feed(chunk);
      for (; state === 'blocked'; state = session.resume()) replies.push(...out.take());
      closed = state === 'closed';
      // The block is used again, as after a write that the operating system took whole.
      replies.push(...out.take().map((piece) => Buffer.from(piece)));
      out.release();
    }
  });
  return { replies: Buffer.concat(replies).toString('latin1'), closed, problems: engine.verify() };
}
