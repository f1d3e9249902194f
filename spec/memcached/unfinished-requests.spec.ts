/** Half-received requests of all clients have one bound; the one that has waited longest for its client pays. */

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/engine/clock.js';
import { CacheEngine } from '../../lib/index.js';
import { ItemStore, openItems } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';
import { UnfinishedRequests } from '../../lib/memcached/unfinished-requests.js';
import { OPCODE, request } from '../conformance/binary-packet.js';
import { createStore, STORE_NAMES } from '../support/stores.js';
import { givesUp } from './gives-up.js';

const KIB = 1024;

describe('the bound', () => {
  it('is kept after each step, by those that have waited longest', () => {
    const unfinished = new UnfinishedRequests(100 * KIB);
    const [first, second, third] = [givesUp(), givesUp(), givesUp()];
    unfinished.hold(first, 40 * KIB);
    unfinished.hold(second, 40 * KIB);
    // The first gets more: now the second has waited longest.
    unfinished.hold(first, 50 * KIB);
    unfinished.hold(third, 30 * KIB);
    expect([first.gaveUp, second.gaveUp, third.gaveUp]).toEqual([0, 1, 0]);
    expect(unfinished.bytes).toBe(80 * KIB);
    unfinished.release(first);
    unfinished.release(first);
    unfinished.release(second);
    expect(unfinished.bytes).toBe(30 * KIB);
  });

  it('is kept by the only one, too, and small ones do not count', () => {
    const unfinished = new UnfinishedRequests(100 * KIB);
    const [small, large] = [givesUp(), givesUp()];
    unfinished.hold(small, 4095);
    expect(unfinished.bytes).toBe(0);
    unfinished.hold(large, 101 * KIB);
    expect(large.gaveUp).toBe(1);
    expect(unfinished.bytes).toBe(0);
  });
});

describe.each(STORE_NAMES)('sessions over %s', (store) => {
  const MAX_ITEM = 64 * KIB;
  const value = 'v'.repeat(50_000);

  function sessions(count: number): {
    items: ItemStore;
    feed: (at: number, text: string | Buffer) => string;
    close: (at: number) => void;
  } {
    const items = new ItemStore(createStore(store, { clock: systemClock }), {
      maxItemBytes: MAX_ITEM,
      maxUnfinishedBytes: 2 * MAX_ITEM,
    });
    const out = new ReplyBuffer();
    const all = Array.from({ length: count }, () => new Session(items, out));
    return {
      items,
      feed: (at, text) => {
        all[at]!.feed(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
        return Buffer.concat(out.take()).toString('latin1');
      },
      close: (at) => all[at]!.close(),
    };
  }

  it('of one that waits too long: its data is passed over and answered, and the old item is gone', () => {
    const { items, feed } = sessions(3);
    expect(feed(0, 'set k0 0 0 1\r\nx\r\n')).toBe('STORED\r\n');
    for (const at of [0, 1, 2]) {
      expect(feed(at, `set k${at} 0 0 ${value.length}\r\n`)).toBe('');
      expect(feed(at, value.slice(1))).toBe('');
    }
    expect(items.unfinished.bytes).toBeLessThanOrEqual(2 * MAX_ITEM);
    expect(feed(0, 'v\r\nget k0\r\n')).toBe('SERVER_ERROR out of memory storing object\r\nEND\r\n');
    expect(feed(1, 'v\r\n')).toBe('STORED\r\n');
    expect(feed(2, 'v\r\n')).toBe('STORED\r\n');
    expect(items.unfinished.bytes).toBe(0);
    expect(items.entries.size).toBe(2);
    // The same again, which nobody is in the way of now.
    expect(feed(0, `set k0 0 0 ${value.length}\r\n`)).toBe('');
    expect(feed(0, `${value}\r\n`)).toBe('STORED\r\n');
  });

  it('of the binary protocol, with its own error', () => {
    const { feed } = sessions(3);
    const packet = Buffer.from(
      request(OPCODE.set, { key: 'k', extras: '\0\0\0\0\0\0\0\0', value, opaque: 7 }),
      'latin1',
    );
    feed(0, packet.subarray(0, -1));
    for (const at of [1, 2]) feed(at, `set k${at} 0 0 ${value.length}\r\n${value}`);
    const reply = Buffer.from(feed(0, packet.subarray(-1)), 'latin1');
    expect(reply.readUInt16BE(6)).toBe(0x82);
    expect(feed(0, Buffer.from(request(OPCODE.noop), 'latin1'))).toHaveLength(24);
  });

  it('of a get line: the connection is closed with an error', () => {
    const { feed } = sessions(3);
    feed(0, `get ${'k '.repeat(25_000)}`);
    for (const at of [1, 2]) feed(at, `set k${at} 0 0 ${value.length}\r\n${value}`);
    expect(feed(0, 'k\r\n')).toBe('SERVER_ERROR out of memory reading request\r\n');
  });

  it('with noreply gets no reply, and the next request is understood', () => {
    const { feed } = sessions(3);
    feed(0, `set k0 0 0 ${value.length} noreply\r\n${value}`);
    for (const at of [1, 2]) feed(at, `set k${at} 0 0 ${value.length}\r\n${value}`);
    expect(feed(0, '\r\nmn\r\n')).toBe('MN\r\n');
  });

  it('whose data ends otherwise than it should leave the store as it was', () => {
    const { items, feed } = sessions(1);
    const { bytes } = items.entries;
    for (const command of ['set k 0 0', 'ms k']) {
      expect(feed(0, `${command} ${value.length}\r\n${value.slice(1)}`)).toBe('');
      expect(feed(0, 'vxx')).toBe('CLIENT_ERROR bad data chunk\r\n');
    }
    expect(items.entries.bytes).toBe(bytes);
    expect(items.entries.verify()).toEqual([]);
  });

  it.each([
    ['set', 'STORED'],
    ['replace', 'NOT_STORED'],
    ['append', 'NOT_STORED'],
  ])('%s what arrives in pieces', (verb, answer) => {
    const { items, feed } = sessions(1);
    const piece = value.slice(0, 10_000);
    expect(feed(0, `${verb} k 0 0 ${value.length}\r`)).toBe('');
    expect(feed(0, '\n')).toBe('');
    for (let at = 0; at < value.length; at += piece.length) expect(feed(0, piece)).toBe('');
    expect(feed(0, '\r')).toBe('');
    expect(feed(0, '\n')).toBe(`${answer}\r\n`);
    expect(feed(0, 'get k\r\n')).toBe(
      answer === 'STORED' ? `VALUE k 0 ${value.length}\r\n${value}\r\nEND\r\n` : 'END\r\n',
    );
    expect(items.unfinished.bytes).toBe(0);
    expect(items.entries.verify()).toEqual([]);
  });

  it('that are closed hold nothing', () => {
    const { items, feed, close } = sessions(2);
    for (const at of [0, 1]) feed(at, `set k${at} 0 0 ${value.length}\r\n${value}`);
    expect(items.unfinished.bytes).toBeGreaterThan(90_000);
    close(0);
    close(1);
    expect(items.unfinished.bytes).toBe(0);
    expect(items.entries.bytes).toBe(0);
    expect(items.entries.verify()).toEqual([]);
  });
});

it.each([0, 1024, -1, Number.POSITIVE_INFINITY, '5'])(
  'refuses a maxUnfinishedBytes of %s',
  (maxUnfinishedBytes) => {
    expect(
      () =>
        new ItemStore(openItems(new CacheEngine()), {
          maxUnfinishedBytes: maxUnfinishedBytes as number,
        }),
    ).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }));
  },
);
