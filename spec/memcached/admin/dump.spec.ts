/** `lru_crawler metadump` and `mgdump`, `stats cachedump`: their lines, and how they are made. */

import { describe, expect, it } from 'vitest';
import { admin as administer } from '../../../lib/memcached/admin/admin.js';
import { KEY_BINARY } from '../../../lib/memcached/item-store.js';
import { Request, type Verb } from '../../../lib/memcached/request.js';
import { Administered, START_SECONDS } from './fixture.js';

const T = START_SECONDS;

/** An answer that is made in chunks. */
function dumpOf(admin: Administered, verb: Verb, ...args: string[]): Iterator<string, void, undefined> {
  const request = new Request(0);
  request.verb = verb;
  request.args = args;
  const answer = administer(admin.items, request);
  if (answer === null || typeof answer === 'string' || !('lines' in answer)) throw new Error(String(answer));
  return answer.lines;
}

function rest(lines: Iterator<string, void, undefined>): string[] {
  const chunks: string[] = [];
  for (let next = lines.next(); next.done !== true; next = lines.next()) chunks.push(next.value);
  return chunks;
}

describe('metadump', () => {
  it('has a line for each item, from the least recently used on', () => {
    const admin = new Administered();
    admin.set('a', 'x', 100);
    admin.set('b/é:_-.~', 'xyz', 0, 5);
    admin.clock.advance(7000);
    admin.ask('get a\r\n');
    expect(admin.ask('lru_crawler metadump all\r\n')).toBe(
      'OK\r\n' +
        `key=b%2F%E9%3A_-.~ exp=-1 la=${T} cas=2 fetch=no cls=1 size=74 flags=5 \n` +
        `key=a exp=${T + 100} la=${T + 7} cas=1 fetch=yes cls=1 size=61 flags=0 \n` +
        'END\r\n',
    );
  });

  it.each(['hash', '1', '1,2', '63,1'])('of %s is of all items', (classes) => {
    const admin = new Administered();
    admin.set('a');
    expect(admin.ask(`lru_crawler metadump ${classes}\r\n`)).toMatch(/^OK\r\nkey=a .* \nEND\r\n$/);
  });

  it('of other classes, or of nothing, is empty', () => {
    const admin = new Administered();
    expect(admin.ask('lru_crawler metadump all\r\n')).toBe('OK\r\nEND\r\n');
    admin.set('a');
    expect(admin.ask('lru_crawler metadump 2,63\r\n')).toBe('OK\r\nEND\r\n');
  });

  it('has cas ids of 0 and smaller sizes where there are none', () => {
    const admin = new Administered({ casIds: false });
    admin.set('a', 'x');
    expect(admin.ask('lru_crawler metadump all\r\n')).toContain(' cas=0 fetch=no cls=1 size=53 flags=0 \n');
  });

  it('leaves out what has expired, and what a delayed flush_all has taken', () => {
    const admin = new Administered();
    admin.set('a', 'x', 1);
    admin.set('b');
    admin.clock.advance(1500);
    expect(admin.ask('lru_crawler metadump all\r\n')).toMatch(/^OK\r\nkey=b .* \nEND\r\n$/);
    admin.ask('flush_all 3\r\n');
    admin.clock.advance(5000);
    expect(admin.ask('lru_crawler metadump all\r\n')).toBe('OK\r\nEND\r\n');
  });

  it('is answered in its place among other commands', () => {
    const admin = new Administered();
    admin.set('a');
    expect(admin.ask('mn\r\nlru_crawler metadump all\r\nversion\r\n')).toMatch(
      /^MN\r\nOK\r\nkey=a .* \nEND\r\nVERSION .*\r\n$/,
    );
  });
});

describe('mgdump', () => {
  it('has keys that can be requested, as base64 where they are not text', () => {
    const admin = new Administered();
    admin.set('text');
    admin.ask('ms Zm9vYmFy 1 b\r\nx\r\n');
    admin.engine.set('a b\r\nmg x', 'x');
    expect(admin.ask('lru_crawler mgdump all\r\n')).toBe(
      'OK\r\nmg text\r\nmg Zm9vYmFy b\r\nmg YSBiDQptZyB4 b\r\nEN\r\n',
    );
  });
});

describe('cachedump', () => {
  it('has the newest items first, as many as requested', () => {
    const admin = new Administered();
    admin.set('a', 'x', 100);
    admin.set('b', 'yz');
    const both = `ITEM b [2 b; 0 s]\r\nITEM a [1 b; ${T + 100} s]\r\nEND\r\n`;
    expect(admin.ask('stats cachedump 1 0\r\n')).toBe(both);
    expect(admin.ask('stats cachedump 1 2\r\n')).toBe(both);
    expect(admin.ask('stats cachedump 1 1\r\n')).toBe('ITEM b [2 b; 0 s]\r\nEND\r\n');
    expect(admin.ask('stats cachedump 2 0\r\n')).toBe('END\r\n');
  });

  it('leaves out keys that a line cannot hold', () => {
    const admin = new Administered();
    admin.set('a');
    admin.set('marked');
    admin.items.entries.setAdapterBitsAt(admin.items.peekText('marked'), KEY_BINARY);
    admin.engine.set('b c', 'x');
    expect(admin.ask('stats cachedump 1 0\r\n')).toBe('ITEM a [1 b; 0 s]\r\nEND\r\n');
  });

  it('ends at 2 MiB', () => {
    const admin = new Administered();
    for (let i = 0; i < 12_000; i++) admin.set(`${i}`.padEnd(200, 'k'));
    const answer = admin.ask('stats cachedump 1 0\r\n');
    expect(answer.length).toBeLessThanOrEqual(2 * 1024 * 1024 + 'END\r\n'.length);
    expect(answer.length).toBeGreaterThan(2 * 1024 * 1024 - 300);
    expect(answer.endsWith(' s]\r\nEND\r\n')).toBe(true);
  });
});

describe('a dump under way', () => {
  function filled(count: number): Administered {
    const admin = new Administered();
    for (let i = 0; i < count; i++) admin.set(`key-${i}`);
    admin.clock.advance(1000);
    return admin;
  }

  it('comes in small chunks, an empty one where others should have their turn', () => {
    const chunks = rest(dumpOf(filled(20_000), 'lru_crawler', 'metadump', 'all'));
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(9000);
    expect(chunks.filter((chunk) => chunk === '').length).toBeGreaterThan(2);
    const keys = chunks.join('').match(/key=[^ ]+/g)!;
    expect(new Set(keys).size).toBe(20_000);
  });

  it('survives writes: what stays is shown, what goes before its turn is not', () => {
    const admin = filled(2000);
    const lines = dumpOf(admin, 'lru_crawler', 'metadump', 'all');
    let text = '';
    for (let turn = 0; ; turn++) {
      const { done, value } = lines.next();
      if (done === true) break;
      text += value;
      admin.set(`new-${turn}`);
      admin.ask(`delete key-${1999 - turn}\r\n`);
    }
    const keys = text.match(/key=key-\d+/g)!;
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('key=key-1');
    expect(keys).not.toContain('key=key-1999');
    expect(text.endsWith('END\r\n')).toBe(true);
    expect(admin.engine.verify()).toEqual([]);
  });

  it('misses nothing that is used on the way, and shows most of it once', () => {
    const admin = filled(20_000);
    const lines = dumpOf(admin, 'lru_crawler', 'metadump', 'all');
    let text = '';
    let turns = 0;
    for (let next = lines.next(); next.done !== true; next = lines.next()) {
      text += next.value;
      if (next.value !== '') continue;
      // Others have their turn: some old items are used, some that the walk has yet to come to.
      turns++;
      admin.clock.advance(1);
      for (let i = 0; i < 20; i++) admin.ask(`get key-${(turns * 7919 + i * 977) % 20_000}\r\n`);
    }
    const keys = text.match(/key=key-\d+/g)!;
    expect(turns).toBeGreaterThan(2);
    expect(new Set(keys).size).toBe(20_000);
    expect(keys.length).toBeLessThanOrEqual(20_000 + turns * 20);
  });

  it('ends although clients are quicker than the walk', () => {
    const admin = filled(5000);
    const lines = dumpOf(admin, 'lru_crawler', 'mgdump', 'all');
    let turns = 0;
    for (let next = lines.next(); next.done !== true; next = lines.next()) {
      if (next.value !== '') continue;
      turns++;
      for (const key of [...admin.engine.keys()]) admin.engine.get(key);
    }
    expect(turns).toBeGreaterThan(2);
    expect(admin.stat('lru_crawler_running')).toBe(0);
  });

  it('ends when everything is cleared', () => {
    const admin = filled(2000);
    const lines = dumpOf(admin, 'lru_crawler', 'metadump', 'all');
    let text = '';
    while (!text.includes('key=key-0 ')) text += lines.next().value;
    admin.ask('flush_all\r\n');
    admin.set('later');
    expect(text).toMatch(/^OK\r\nkey=key-0 /);
    const after = rest(lines).join('');
    expect(after).not.toContain('key=key-');
    expect(after.endsWith('END\r\n')).toBe(true);
  });

  it('is the only one, until it ends or its client goes away', () => {
    const admin = filled(2000);
    const lines = dumpOf(admin, 'lru_crawler', 'metadump', 'all');
    lines.next();
    expect(admin.stat('lru_crawler_running')).toBe(1);
    for (const command of ['metadump all', 'mgdump 1', 'crawl all'])
      expect(admin.ask(`lru_crawler ${command}\r\n`)).toBe('BUSY currently processing crawler request\r\n');
    lines.return?.();
    expect(admin.stat('lru_crawler_running')).toBe(0);
    expect(admin.ask('lru_crawler mgdump all\r\n')).toMatch(/EN\r\n$/);
    expect(admin.stat('lru_crawler_running')).toBe(0);
    expect(admin.stat('lru_crawler_starts')).toBe(2);
  });

  it('of the cache is one of 16 at most: each makes removals dearer', () => {
    const admin = new Administered({ trackSizes: true });
    for (let i = 0; i < 2000; i++) admin.set(`key-${i}`);
    const dumps = Array.from({ length: 16 }, () => dumpOf(admin, 'stats', 'cachedump', '1', '0'));
    for (const lines of dumps) lines.next();
    const full = 'SERVER_ERROR out of memory writing stats\r\n';
    expect(admin.ask('stats cachedump 1 0\r\n')).toBe(full);
    expect(admin.ask('stats sizes\r\n')).toBe(full);
    dumps[0]!.return?.();
    expect(admin.ask('stats sizes\r\n')).toMatch(/END\r\n$/);
    dumps[16] = dumpOf(admin, 'stats', 'cachedump', '1', '0');
    dumps[16].next();
    expect(admin.ask('stats sizes\r\n')).toBe(full);
    for (const lines of dumps) rest(lines);
    expect(admin.ask('stats cachedump 1 1\r\n')).toMatch(/^ITEM key-1999 /);
  });

  it('passes over many expired items in chunks too', () => {
    const admin = new Administered();
    for (let i = 0; i < 5000; i++) admin.set(`key-${i}`, 'v', 1);
    admin.set('live');
    admin.clock.advance(10_000);
    const text = rest(dumpOf(admin, 'lru_crawler', 'metadump', 'all')).join('');
    expect(text).toMatch(/^OK\r\nkey=live .* \nEND\r\n$/);
    expect(admin.engine.size).toBe(1);
  });

  it('is refused while the crawler is off', () => {
    const admin = filled(1);
    admin.ask('lru_crawler disable\r\n');
    for (const command of ['metadump all', 'mgdump all', 'crawl all'])
      expect(admin.ask(`lru_crawler ${command}\r\n`)).toBe('CLIENT_ERROR lru crawler disabled\r\n');
  });
});

describe('dumps that are begun in the last request of a turn', () => {
  it('still run one at a time', () => {
    const admin = new Administered();
    admin.set('a');
    const first = dumpOf(admin, 'lru_crawler', 'metadump', 'all');
    // Nobody has asked `first` for a chunk yet.
    expect(admin.ask('lru_crawler metadump all\r\n')).toBe('BUSY currently processing crawler request\r\n');
    rest(first);
    expect(admin.stat('lru_crawler_running')).toBe(0);
  });
});
