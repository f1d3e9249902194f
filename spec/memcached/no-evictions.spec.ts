/** A full cache that does not evict (memcached's -M): only a failed `set` takes the old value with it. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import { ItemStore } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';

const NO_MEMORY = 'SERVER_ERROR out of memory storing object\r\n';
const VALUE = 'VALUE k 0 1\r\n9\r\nEND\r\n';

/** A session over a cache that holds `k` and has no room for 200 bytes more, nor for a longer `k`. */
function full(): (data: string) => string {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const engine = new CacheEngine<string, unknown>({
    maxBytes: 1200,
    evict: false,
    clock,
  });
  const out = new ReplyBuffer();
  const session = new Session(new ItemStore(new EngineItems(engine), { clock }), out);
  const ask = (data: string): string => {
    session.feed(Buffer.from(data, 'latin1'));
    return Buffer.concat(out.take()).toString('latin1');
  };
  expect(ask('set k 0 0 1\r\n9\r\n')).toBe('STORED\r\n');
  let fill = 0;
  while (engine.maxBytes - engine.bytes >= 250) ask(`set fill${fill++} 0 0 1\r\nx\r\n`);
  return ask;
}

const LONG = `${'x'.repeat(400)}\r\n`;

describe('without room', () => {
  it('set is refused and takes the old value with it', () => {
    const ask = full();
    expect(ask(`set k 0 0 400\r\n${LONG}`)).toBe(NO_MEMORY);
    expect(ask('get k\r\n')).toBe('END\r\n');
  });

  it.each([
    ['append', `append k 0 0 400\r\n${LONG}`],
    ['prepend', `prepend k 0 0 400\r\n${LONG}`],
    ['replace', `replace k 0 0 400\r\n${LONG}`],
    ['cas', `cas k 0 0 400 1\r\n${LONG}`],
  ])('%s is refused and leaves it', (_, request) => {
    const ask = full();
    expect(ask(request)).toBe(NO_MEMORY);
    expect(ask('get k\r\n')).toBe(VALUE);
    expect(ask('stats\r\n')).toContain('STAT cas_hits 0\r\n');
    expect(ask('stats\r\n')).toContain('STAT store_no_memory 1\r\n');
  });
});
