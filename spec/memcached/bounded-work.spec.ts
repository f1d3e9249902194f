/** What one line can make the server do before anybody else has a turn. */

import { describe, expect, it } from 'vitest';
import { Session } from '../../lib/memcached/session.js';
import { wireValueOfText } from '../../lib/memcached/wire-value.js';
import { Administered, START_SECONDS } from './admin-fixture.js';

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

function filled(count: number, ttlMs = Number.POSITIVE_INFINITY): Administered {
  const admin = new Administered({}, { maxBytes: 2 ** 30 });
  const value = wireValueOfText('v');
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

  it('for a flush_all of a time that has passed', () => {
    const admin = filled(300_000);
    admin.clock.advance(10_000);
    expect(longestTurn(admin, `flush_all ${START_SECONDS + 9}\r\n`)).toBeLessThan(100);
    expect(admin.engine.size).toBe(0);
  });
});

describe('clients that begin a dump and read none of it', () => {
  it('make nobody else slow', () => {
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
