/** What one line can make the server do before anybody else has a turn. */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { CacheEngineOptions } from '../../lib/index.js';
import { Session } from '../../lib/memcached/session.js';
import { EVICTIONS } from '../../lib/memcached/watch/lines.js';
import type { Transport } from '../../lib/transport.js';
import { STORE } from '../support/stores.js';
import { Administered, START_SECONDS } from './admin/fixture.js';

const MEBIBYTE = 1024 * 1024;

/** Of CPU time: a machine with other work to do makes no turn longer. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of the longest turn that `data` takes. */
function longestTurn(admin: Administered, data: string): number {
  let longest = 0;
  let from = cpuMs();
  let state = admin.session.feed(Buffer.from(data, 'latin1'));
  for (;;) {
    longest = Math.max(longest, cpuMs() - from);
    admin.take();
    if (state !== 'blocked') return longest;
    from = cpuMs();
    state = admin.session.resume();
  }
}

function filled(
  count: number,
  ttlMs = Number.POSITIVE_INFINITY,
  options: CacheEngineOptions<string, unknown> = {},
): Administered {
  const admin = new Administered({}, { maxBytes: 2 ** 30, ...options });
  const value = 'v';
  for (let i = 0; i < count; i++) admin.engine.set(`key-${i}`, value, { ttlMs, flags: 0 });
  return admin;
}

describe('no turn takes long', () => {
  it.each(['slabs automove ratio NUMBER', 'slabs automove freeratio NUMBER', 'lru tune 1 1 NUMBER 1'])(
    'for a number that nearly is one: %s',
    (line) => {
      const admin = new Administered();
      expect(longestTurn(admin, `${line.replace('NUMBER', `${'1'.repeat(20_000)}x`)}\r\n`)).toBeLessThan(100);
    },
  );

  it('for `stats items` while many expired items wait to be reclaimed', () => {
    const admin = filled(300_000, 1000);
    admin.set('live');
    admin.clock.advance(2000);
    expect(longestTurn(admin, 'stats items\r\n'.repeat(50))).toBeLessThan(200);
  });
});

describe('cache_memlimit far below what is held', () => {
  /** Steps that a limit takes down, in items removed. */
  async function turns(admin: Administered, done: () => boolean): Promise<number[]> {
    const removed: number[] = [];
    while (!done()) {
      const { size } = admin.engine;
      await turn();
      removed.push(size - admin.engine.size);
      expect(admin.engine.bytes).toBeLessThanOrEqual(admin.engine.maxBytes);
    }
    return removed;
  }

  it('is answered at once, and removes a bounded number of items in each turn', async () => {
    const admin = filled(200_000);
    const { maxBytes } = admin.engine;
    expect(admin.ask('cache_memlimit 8\r\n')).toBe('OK\r\n');
    expect(admin.engine.size).toBeGreaterThan(199_000);
    expect(admin.stat('limit_maxbytes')).toBe(8 * MEBIBYTE);
    expect(admin.stats('settings').get('maxbytes')).toBe(String(8 * MEBIBYTE));
    expect(admin.engine.maxBytes).toBeLessThan(maxBytes);
    const newest = 'get key-199999\r\n';
    const removed = await turns(admin, () => {
      expect(admin.ask(newest)).toBe('VALUE key-199999 0 1\r\nv\r\nEND\r\n');
      return admin.engine.maxBytes === 8 * MEBIBYTE;
    });
    expect(Math.max(...removed)).toBeLessThanOrEqual(500);
    expect(removed.length).toBeGreaterThan(100);
    // Pages are as large as they were for 1 GiB, and go back whole.
    expect(admin.engine.bytes).toBeGreaterThan((STORE === 'pages' ? 6 : 7) * MEBIBYTE);
    expect(admin.engine.verify()).toEqual([]);
  });

  it('holds while clients store', async () => {
    const admin = filled(100_000);
    admin.ask('cache_memlimit 8\r\n');
    let stored = 0;
    await turns(admin, () => {
      for (let i = 0; i < 50; i++) admin.set(`new-${stored++}`);
      return admin.engine.maxBytes === 8 * MEBIBYTE;
    });
    expect(admin.engine.bytes).toBeLessThanOrEqual(8 * MEBIBYTE);
  });

  it('gives way to the next limit, whoever sets it', async () => {
    const admin = filled(100_000);
    admin.ask('cache_memlimit 8\r\n');
    await turn();
    const { size } = admin.engine;
    expect(admin.ask('cache_memlimit 100\r\n')).toBe('OK\r\n');
    for (let i = 0; i < 10; i++) await turn();
    expect(admin.engine.size).toBe(size);
    expect(admin.engine.maxBytes).toBe(100 * MEBIBYTE);
    admin.ask('cache_memlimit 8\r\n');
    admin.engine.resize({ maxBytes: 50 * MEBIBYTE });
    for (let i = 0; i < 10; i++) await turn();
    expect(admin.engine.maxBytes).toBe(50 * MEBIBYTE);
    expect(admin.stat('limit_maxbytes')).toBe(50 * MEBIBYTE);
  });

  it.runIf(STORE === 'engine')('reports what a removal listener throws to the server', async () => {
    const errors: unknown[] = [];
    let removals = 0;
    const onRemoval = (): void => {
      if (++removals === 3000) throw new Error('listener');
    };
    const admin = filled(100_000, Number.POSITIVE_INFINITY, { onRemoval });
    admin.items.transports.add({ onError: (error: unknown) => errors.push(error) } as unknown as Transport);
    admin.ask('cache_memlimit 8\r\n');
    while (admin.items.admin.memoryLimit !== null) await turn();
    expect(errors).toEqual([new Error('listener')]);
  });
});

describe('flush_all of a large cache', () => {
  it('walks over no item, also while evictions are watched', () => {
    const admin = filled(100_000);
    const watcher = admin.items.log.open(EVICTIONS, () => {})!;
    const walk = vi.spyOn(admin.items.entries, 'walk');
    expect(admin.ask('flush_all\r\n')).toBe('OK\r\n');
    admin.ask('flush_all 5\r\n');
    admin.set('later');
    admin.clock.advance(5000);
    expect(admin.ask('flush_all -5\r\nget later\r\n')).toBe('OK\r\nEND\r\n');
    expect(walk).not.toHaveBeenCalled();
    walk.mockRestore();
    expect(admin.engine.size).toBe(0);
    watcher.close();
  });

  it('of a time that has passed removes a bounded number of items in each turn', () => {
    const admin = filled(20_000);
    admin.clock.advance(10_000);
    let { size } = admin.engine;
    const removed: number[] = [];
    let state = admin.session.feed(Buffer.from(`flush_all ${START_SECONDS + 9}\r\n`));
    for (;;) {
      removed.push(size - admin.engine.size);
      ({ size } = admin.engine);
      if (state !== 'blocked') break;
      state = admin.session.resume();
    }
    expect(Math.max(...removed)).toBeLessThanOrEqual(1000);
    expect(removed.reduce((sum, count) => sum + count)).toBe(20_000);
    expect(admin.take()).toBe('OK\r\n');
  });
});

describe('clients that begin a dump and read none of it', () => {
  it('slow no other client', () => {
    const admin = filled(20_000);
    const readAll = (): number => {
      const from = cpuMs();
      for (let i = 0; i < 5000; i++) admin.engine.get(`key-${(i * 37) % 20_000}`);
      return cpuMs() - from;
    };
    readAll();
    const before = Math.min(readAll(), readAll(), readAll());
    const sessions: Session[] = [];
    for (let i = 0; i < 500; i++) {
      const session = new Session(admin.items, admin.out);
      let state = session.feed(Buffer.from('stats cachedump 1 0\r\n'));
      while (state === 'blocked' && admin.out.length === 0) state = session.resume();
      // What has been taken is on its way; the rest waits for a client that does not read.
      admin.take();
      sessions.push(session);
    }
    expect(Math.min(readAll(), readAll(), readAll())).toBeLessThan(before * 5);
    for (const session of sessions) session.close();
  });
});
