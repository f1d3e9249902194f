/** The live log: its lines, who gets them, and what a watcher that does not read loses. */

import { channel } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../lib/index.js';
import { admin as administer } from '../../../lib/memcached/admin/admin.js';
import { Request } from '../../../lib/memcached/request.js';
import * as lines from '../../../lib/memcached/watch/lines.js';
import { WATCHERS_MAX, WatchLog } from '../../../lib/memcached/watch/watch-log.js';
import { WATCHER_BUFFER_BYTES, type Watcher } from '../../../lib/memcached/watch/watcher.js';
import { STORE } from '../../support/stores.js';
import { Administered } from '../admin/fixture.js';

const {
  CONNECTION_EVENTS,
  DELETIONS,
  EVICTIONS,
  FETCHERS,
  MUTATIONS,
  RAW_COMMANDS,
  SYSTEM_EVENTS,
  uriEncoded,
} = lines;

const ALL = 127;
const nothing = (): void => {};

const opened: Watcher[] = [];

afterEach(() => {
  for (const watcher of opened.splice(0)) watcher.close();
});

function watched(mask: number): { log: WatchLog; watcher: Watcher; clock: ManualClock } {
  const { items } = new Administered();
  const clock = new ManualClock(1_795_212_204_451.027);
  const log = new WatchLog(items.entries, clock);
  const watcher = log.open(mask, nothing)!;
  opened.push(watcher);
  expect(watcher.take()).toBe('OK\r\n');
  return { log, watcher, clock };
}

/** Lines without their times and numbers. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/^ts=\d+\.\d{6} gid=\d+ /, ''));
}

describe('lines', () => {
  const peer = { address: '127.0.0.1', port: 36082, transport: 'tcp' } as const;

  it.each<[string, (log: WatchLog) => void]>([
    [
      'type=item_get key=k0 status=not_found clsid=0 cfd=28 size=0',
      (log) => lines.itemGet(log, 'k0', 'not_found', 28),
    ],
    [
      'type=item_get key=k0 status=found clsid=1 cfd=28 size=5',
      (log) => lines.itemGet(log, 'k0', 'found', 28, 5),
    ],
    [
      'type=item_get key=k0 status=expired clsid=0 cfd=28 size=0',
      (log) => lines.itemGet(log, 'k0', 'expired', 28),
    ],
    [
      'type=item_store key=k1 status=stored cmd=set ttl=100 clsid=1 cfd=28 size=5',
      (log) => lines.itemStore(log, 'k1', 'stored', 'set', 100, 28, 5),
    ],
    [
      'type=item_store key=k2 status=exists cmd=cas ttl=0 clsid=1 cfd=28 size=1',
      (log) => lines.itemStore(log, 'k2', 'exists', 'cas', 0, 28, 1),
    ],
    ['type=deleted key=k1 cmd=md clsid=1 size=5', (log) => lines.deleted(log, 'k1', 'md', 5)],
    [
      'type=eviction key=k%2F fetch=yes ttl=2 la=3 clsid=1 size=9',
      (log) => lines.eviction(log, 'k/', { fetched: true, ttlMs: 1500, idleMs: 3999, size: 9 }),
    ],
    [
      'type=eviction key=k fetch=no ttl=-1 la=0 clsid=1 size=9',
      (log) =>
        lines.eviction(log, 'k', { fetched: false, ttlMs: Number.POSITIVE_INFINITY, idleMs: 0, size: 9 }),
    ],
    [
      'type=conn_new rip=127.0.0.1 rport=36082 transport=tcp cfd=30',
      (log) => lines.connectionOpened(log, 30, peer),
    ],
    [
      'type=conn_close rip=127.0.0.1 rport=36082 transport=tcp reason=normal cfd=30',
      (log) => lines.connectionClosed(log, 30, peer, 'normal'),
    ],
    [
      'type=conn_new rip=unix rport=0 transport=local cfd=3',
      (log) => lines.connectionOpened(log, 3, { address: 'unix', port: 0, transport: 'local' }),
    ],
  ])('%s', (line, publish) => {
    const { log, watcher } = watched(ALL);
    publish(log);
    expect(watcher.take()).toBe(`ts=1795212204.451027 gid=1 ${line}\n`);
  });

  it('have microseconds in six digits and a number that rises', () => {
    const { log, watcher, clock } = watched(ALL);
    clock.set(2_000_000_000_007);
    log.publish(FETCHERS, 'type=a');
    clock.set(2_000_000_001_000);
    log.publish(FETCHERS, 'type=b');
    expect(watcher.take()).toBe('ts=2000000000.007000 gid=1 type=a\nts=2000000001.000000 gid=2 type=b\n');
  });

  it('encode keys as in URIs', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    const encoded = uriEncoded(all);
    expect(
      Buffer.from(
        encoded.replace(/[^%]|%../g, (c) => (c.length === 1 ? c : unescape(c))),
        'latin1',
      ),
    ).toEqual(Buffer.from(all, 'latin1'));
    expect(uriEncoded('aZ09-._~')).toBe('aZ09-._~');
    expect(uriEncoded('f/\xe9: %+')).toBe('f%2F%E9%3A%20%25%2B');
  });
});

describe('watchers', () => {
  it('get their categories', () => {
    const { log, watcher } = watched(FETCHERS | DELETIONS);
    const other = log.open(MUTATIONS, nothing)!;
    expect(log.watched).toBe(FETCHERS | DELETIONS | MUTATIONS);
    log.publish(FETCHERS, 'f');
    log.publish(MUTATIONS, 'm');
    log.publish(DELETIONS, 'd');
    log.publish(CONNECTION_EVENTS, 'c');
    expect(linesOf(watcher.take())).toEqual(['f', 'd', '']);
    expect(linesOf(other.take())).toEqual(['OK\r', 'm', '']);
    watcher.close();
    expect(log.watched).toBe(MUTATIONS);
    other.close();
    other.close();
    expect(log.watched).toBe(0);
    expect(log.watchers).toBe(0);
  });

  it('are woken in a turn of their own, once until they have taken', async () => {
    const { log } = watched(MUTATIONS);
    let wakes = 0;
    const watcher = log.open(FETCHERS, () => wakes++)!;
    watcher.take();
    log.publish(FETCHERS, 'a');
    log.publish(FETCHERS, 'b');
    expect(wakes).toBe(0);
    await turn();
    expect(wakes).toBe(1);
    log.publish(FETCHERS, 'c');
    await turn();
    expect(wakes).toBe(1);
    expect(linesOf(watcher.take())).toEqual(['a', 'b', 'c', '']);
    await turn();
    expect(wakes).toBe(1);
    log.publish(MUTATIONS, 'not for it');
    await turn();
    expect(wakes).toBe(1);
    log.publish(FETCHERS, 'd');
    await turn();
    expect(wakes).toBe(2);
    log.publish(FETCHERS, 'e');
    watcher.close();
    await turn();
    expect(wakes).toBe(2);
  });

  it('hold so many bytes, lose what is more, and learn how much that was', () => {
    const { log, watcher } = watched(FETCHERS);
    const line = `type=${'x'.repeat(1000)}`;
    for (let i = 0; i < 300; i++) log.publish(FETCHERS, line);
    const { sent, skipped } = log;
    expect(log.written).toBe(300);
    expect(sent + skipped).toBe(300);
    expect(skipped).toBeGreaterThan(0);
    const text = watcher.take();
    expect(text.length).toBeLessThanOrEqual(WATCHER_BUFFER_BYTES);
    expect(text.length).toBeGreaterThan(WATCHER_BUFFER_BYTES - 2000);
    log.publish(FETCHERS, 'a');
    log.publish(FETCHERS, 'b');
    expect(linesOf(watcher.take())).toEqual([`skipped=${skipped}`, 'a', 'b', '']);
  });

  it('are so many at most', () => {
    const { log, watcher } = watched(FETCHERS);
    for (let i = 1; i < WATCHERS_MAX; i++) expect(log.open(FETCHERS, nothing)).not.toBeNull();
    expect(log.open(FETCHERS, nothing)).toBeNull();
    watcher.close();
    expect(log.open(FETCHERS, nothing)).not.toBeNull();
  });
});

describe('the command', () => {
  function mask(admin: Administered, ...args: string[]): unknown {
    const request = new Request(0);
    request.verb = 'watch';
    request.args = args;
    return administer(admin.items, request);
  }

  it.each([
    [[], FETCHERS],
    [['fetchers'], FETCHERS],
    [['mutations', 'evictions', 'mutations'], MUTATIONS | EVICTIONS],
    [['connevents', 'deletions'], CONNECTION_EVENTS | DELETIONS],
    [['sysevents', 'rawcmds'], SYSTEM_EVENTS | RAW_COMMANDS],
  ])('watch %j', (names, expected) => {
    expect(mask(new Administered(), ...names)).toEqual({ watch: expected });
  });

  it('is refused from the 21st watcher on', () => {
    const admin = new Administered();
    for (let i = 0; i < 20; i++) admin.items.log.open(FETCHERS, nothing);
    expect(mask(admin)).toBe('WATCHER_TOO_MANY log watcher limit reached\r\n');
    expect(admin.stat('log_watchers')).toBe(20);
  });
});

it('stats counts lines and watchers, and resets the lines', () => {
  const admin = new Administered();
  const { log } = admin.items;
  log.open(FETCHERS, nothing);
  log.open(FETCHERS, nothing);
  for (let i = 0; i < 2; i++) log.publish(FETCHERS, 'x'.repeat(WATCHER_BUFFER_BYTES * 0.6));
  expect(Object.fromEntries(admin.stats())).toMatchObject({
    log_watchers: '2',
    log_worker_written: '2',
    log_worker_dropped: '0',
    log_watcher_sent: '2',
    log_watcher_skipped: '2',
  });
  admin.ask('stats reset\r\n');
  expect(Object.fromEntries(admin.stats())).toMatchObject({
    log_watchers: '2',
    log_worker_written: '0',
    log_watcher_sent: '0',
    log_watcher_skipped: '0',
  });
});

it('lines that are not watched are not built', () => {
  const admin = new Administered();
  const { log } = admin.items;
  const commands = 'get a\r\nset a 0 0 1\r\nx\r\ntouch a 9\r\nmg a v\r\ndelete a\r\nmd a\r\nincr a 1\r\n';
  admin.ask(commands);
  expect(log.written).toBe(0);
  const watcher = log.open(DELETIONS, nothing)!;
  admin.ask(commands);
  expect(log.written).toBe(1);
  watcher.close();
  admin.ask(commands);
  expect(log.written).toBe(1);
});

describe('evictions', () => {
  const removals = channel('hotset:removal');

  it.runIf(STORE === 'engine')('are reported for this engine alone, while anybody watches them', () => {
    const limits = { maxBytes: Number.POSITIVE_INFINITY, maxEntries: 2 };
    const [admin, other] = [new Administered({}, limits), new Administered({}, limits)];
    const { log } = admin.items;
    const watcher = log.open(EVICTIONS, nothing)!;
    watcher.take();
    admin.set('a', 'hello');
    admin.set('b', 'x', 100);
    admin.ask('get a\r\n');
    admin.clock.advance(2500);
    for (const key of ['c', 'd', 'e']) {
      admin.set(key);
      other.set(key);
    }
    admin.ask('delete e\r\n');
    expect(linesOf(watcher.take())).toEqual([
      'type=eviction key=b fetch=no ttl=98 la=2 clsid=1 size=1',
      'type=eviction key=a fetch=yes ttl=-1 la=2 clsid=1 size=5',
      'type=eviction key=c fetch=no ttl=-1 la=0 clsid=1 size=1',
      '',
    ]);
    watcher.close();
  });

  it.runIf(STORE === 'engine')('cost nothing before and after', () => {
    const { log } = new Administered().items;
    expect(removals.hasSubscribers).toBe(false);
    const fetchers = log.open(FETCHERS, nothing)!;
    expect(removals.hasSubscribers).toBe(false);
    const [first, second] = [log.open(EVICTIONS, nothing)!, log.open(EVICTIONS, nothing)!];
    expect(removals.hasSubscribers).toBe(true);
    first.close();
    expect(removals.hasSubscribers).toBe(true);
    second.close();
    expect(removals.hasSubscribers).toBe(false);
    fetchers.close();
  });
});
