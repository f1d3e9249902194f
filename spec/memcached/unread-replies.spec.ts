/** Replies that wait to be read have one bound; the client that has read nothing for longest pays. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { ItemStore, openItems } from '../../lib/memcached/item-store.js';
import { UnreadReplies } from '../../lib/memcached/unread-replies.js';
import { givesUp } from './gives-up.js';

const KIB = 1024;
const value = (kib: number): Buffer => Buffer.allocUnsafeSlow(kib * KIB);

describe('the bound', () => {
  it('is kept after each step, by those that have read nothing for longest', () => {
    const unread = new UnreadReplies(100 * KIB);
    const [first, second, third] = [givesUp(), givesUp(), givesUp()];
    unread.hold(first, [value(10), value(30)]);
    unread.hold(second, [value(40)]);
    unread.advance(first);
    unread.hold(third, [value(30)]);
    expect([first.gaveUp, second.gaveUp, third.gaveUp]).toEqual([0, 1, 0]);
    expect(unread.bytes).toBe(70 * KIB);
    unread.hold(third, [value(40)]);
    expect([first.gaveUp, third.gaveUp]).toEqual([1, 0]);
    unread.release(third);
    unread.release(third);
    unread.advance(third);
    expect(unread.bytes).toBe(0);
  });

  it('counts a value once, whoever waits for it', () => {
    const unread = new UnreadReplies(100 * KIB);
    const popular = value(60);
    const readers = Array.from({ length: 10 }, givesUp);
    for (const one of readers) unread.hold(one, [popular, popular.subarray(KIB)]);
    expect(unread.bytes).toBe(60 * KIB);
    for (const one of readers.slice(1)) unread.release(one);
    expect(unread.bytes).toBe(60 * KIB);
    unread.release(readers[0]!);
    expect(unread.bytes).toBe(0);
    expect(readers.every(({ gaveUp }) => gaveUp === 0)).toBe(true);
  });
});

it.each([0, -1, 1.5, 1024 ** 2, Number.NaN, Number.POSITIVE_INFINITY, '1m'])(
  'refuses a maxUnreadBytes of %s',
  (maxUnreadBytes) => {
    const options = { maxUnreadBytes: maxUnreadBytes as number };
    expect(() => new ItemStore(openItems(new CacheEngine<string, unknown>()), options)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
  },
);
