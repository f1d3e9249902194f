/** A binary value that arrives after its header: whole in one later chunk, it is treated as one in many. */

import { describe, expect, it } from 'vitest';
import { Administered } from './admin/fixture.js';

/** `set k` with a TTL of 10 s, without its one byte of value. */
const SET_10S = `\x80\x01\0\x01\x08${'\0'.repeat(6)}\x0a${'\0'.repeat(12)}${'\0'.repeat(7)}\x0ak`;

describe('a binary value that comes later than its header', () => {
  it('lives for as long as its command says, counted from the command', () => {
    const admin = new Administered();
    admin.ask(SET_10S);
    admin.clock.advance(8000);
    expect(admin.ask('v').charCodeAt(7)).toBe(0);
    expect(admin.engine.remainingTtlMs('k')).toBe(2000);
  });

  it('is not lost to a flush_all that was due before it was there', () => {
    const admin = new Administered();
    // Strikes after 4 s, and is over after 5.
    admin.items.flush(5);
    admin.ask(SET_10S);
    admin.clock.advance(7000);
    admin.ask('v');
    admin.items.applyDueFlush();
    expect(admin.engine.has('k')).toBe(true);
  });
});
