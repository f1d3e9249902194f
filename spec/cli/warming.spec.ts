/**
 * `--warm-from`: what a new node copies from a peer, and what it leaves alone. A peer of our own says what no server would,
 * with time under control; then memcached and hotset are peers of the command.
 */

import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { warmTarget } from '../../lib/cli/warm-target.js';
import { Warming, type WarmingOptions } from '../../lib/cli/warming.js';
import { ManualClock } from '../../lib/engine/clock.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { ManualScheduler } from '../../lib/scheduler.js';
import { openStore, type TestStore } from '../pages/fixture.js';
import { certificate } from '../support/certificates.js';
import { memcachedTool } from '../support/external-tool.js';
import { startMemcached } from '../support/memcached-process.js';
import { certFiles } from '../tcp/fixture.js';
import { type Command, folder, start, talk } from './command.js';

interface PeerItem {
  readonly key: string;
  readonly value?: string;
  readonly usedAt?: number;
  readonly seconds?: number;
  readonly marks?: string;
}

const HANG_UP = 'hang up';

/** A peer that lists these items and gives them; `answer` may answer a request line in its place. */
class Peer {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(items: readonly PeerItem[], answer: (line: string) => string | null = () => null) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      let text = '';
      socket.setNoDelay(true);
      socket.setEncoding('latin1').on('data', (data: string) => {
        const lines = (text + data).split('\r\n');
        text = lines.pop()!;
        for (const line of lines) {
          this.requests.push(line);
          const reply = answer(line) ?? this.#answer(line, items);
          if (reply === HANG_UP) socket.destroy();
          else socket.write(reply, 'latin1');
        }
      });
      socket.on('error', () => {});
    });
  }

  #answer(line: string, items: readonly PeerItem[]): string {
    if (line === 'mn') return 'MN\r\n';
    if (line.startsWith('lru_crawler'))
      return `${items.map(({ key, value = 'v', usedAt = 1 }) => `key=${encodeURIComponent(key)} exp=-1 la=${usedAt} cas=1 fetch=no cls=1 size=${value.length + 60}\r\n`).join('')}END\r\n`;
    const [, name, base64] = /^mg (\S+)( b)? /.exec(line) ?? [];
    const key = base64 === undefined ? name : Buffer.from(name!, 'base64').toString('latin1');
    const item = items.find((each) => each.key === key);
    if (item === undefined) return '';
    const { value = 'v', seconds = -1, marks = '' } = item;
    return `VA ${value.length} t${seconds} f7 c9${/ O\d+/.exec(line)![0]}${marks}\r\n${value}\r\n`;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

let peers: Peer[] = [];
afterEach(() => {
  for (const peer of peers) peer.close();
  peers = [];
});

interface Warmed extends TestStore {
  readonly peer: Peer;
  readonly warming: Warming;
  readonly scheduler: ManualScheduler;
  readonly log: string[];
  keys(): string[];
}

async function prepare(
  items: readonly PeerItem[],
  { answer, ...options }: Partial<WarmingOptions> & { answer?: (line: string) => string | null } = {},
): Promise<Warmed> {
  const test = openStore();
  itemStoreOf(test.store, { maxItemBytes: 100_000 });
  const peer = new Peer(items, answer);
  peers.push(peer);
  const port = await peer.listen();
  const scheduler = new ManualScheduler(new ManualClock(0));
  const log: string[] = [];
  const warming = new Warming(warmTarget(test.store), {
    peer: { host: '127.0.0.1', port, secure: false },
    shown: 'peer',
    rate: Number.POSITIVE_INFINITY,
    credentials: null,
    tls: {},
    silenceMs: 10_000,
    scheduler,
    clock: scheduler.clock,
    log: (message) => log.push(message),
    ...options,
  });
  const keys = (): string[] => Array.from(test.store.walk('oldest-first'), (slot) => test.store.keyAt(slot));
  return { ...test, peer, warming, scheduler, log, keys };
}

async function warmed(...args: Parameters<typeof prepare>): Promise<Warmed> {
  const all = await prepare(...args);
  await all.warming.run();
  return all;
}

/** Waits, a turn of the loop at a time. */
async function until(isDone: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isDone()) {
    if (Date.now() > deadline) throw new Error('it does not come to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Waits until the warming waits for its rate, and for nothing else. */
async function untilHeldBack({ warming, scheduler }: Warmed, items: number): Promise<void> {
  let turns = 0;
  await until(() => {
    turns = warming.items === items && scheduler.pending === 1 ? turns + 1 : 0;
    return turns > 100;
  });
}

describe('what is copied', () => {
  it('the least recently used first, whatever the order of the list, with flags and time', async () => {
    const { keys, store, key, warming, log } = await warmed([
      { key: 'c', usedAt: 30 },
      { key: 'a', usedAt: 10, seconds: 60 },
      { key: 'b', usedAt: 20, value: '' },
    ]);
    expect(keys()).toEqual(['a', 'b', 'c']);
    const slot = store.peek(key('a'));
    expect([store.flagsAt(slot), store.remainingTtlMsAt(slot)]).toEqual([7, 60_000]);
    expect(store.remainingTtlMsAt(store.peek(key('c')))).toBe(Number.POSITIVE_INFINITY);
    expect(warming).toMatchObject({ state: 'done', items: 3, bytes: 5, left: 0 });
    expect(log.at(-1)).toBe('warmed from peer in 0.0 seconds: 3 items of 0 MiB came, 0 were left out');
  });

  it('keys that a line cannot hold, as base64', async () => {
    const { keys, peer } = await warmed([{ key: 'a b' }, { key: '\xe9', usedAt: 2 }], {
      answer: (line) =>
        line.startsWith('lru')
          ? 'key=a%20b exp=-1 la=1 cas=1 fetch=no cls=1 size=60\r\nkey=%E9 exp=-1 la=2 cas=1 fetch=no cls=1 size=60 flags=0\r\nEND\r\n'
          : null,
    });
    expect(keys()).toEqual(['a b', '\xe9']);
    expect(peer.requests).toContain('mg YSBi b v t f c u q O0');
  });

  it('no place without a value, nothing stale, nothing in its last second; a win goes back', async () => {
    const { keys, peer, warming } = await warmed([
      { key: 'placeholder', value: '', marks: ' Z' },
      { key: 'stale', marks: ' X Z' },
      { key: 'won', marks: ' X W' },
      { key: 'over', seconds: 0 },
      { key: 'kept', marks: ' Z' },
    ]);
    expect(keys()).toEqual(['kept']);
    expect(warming.left).toBe(4);
    expect(peer.requests).toContain('md won I q C9');
  });

  it('nothing that the server would not take', async () => {
    const { keys } = await warmed([{ key: 'large', value: 'x'.repeat(100_001) }, { key: 'small' }]);
    expect(keys()).toEqual(['small']);
  });

  it('the most recently used, where not all fit', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      key: `k${i}`,
      value: 'x'.repeat(50_000),
      usedAt: i,
    }));
    const { keys, warming } = await warmed(rows);
    expect(keys()).toContain('k29');
    expect(keys()).not.toContain('k0');
    // What cannot fit is not even asked for.
    expect(warming.items).toBeLessThan(22);
  });
});

describe('what clients do meanwhile', () => {
  it('stays: written, deleted; and flush_all ends it', async () => {
    const items = Array.from({ length: 200 }, (_, i) => ({ key: `key${i}`, usedAt: i }));
    const test = await prepare(items, { rate: 64 });
    const done = test.warming.run();
    await untilHeldBack(test, 64);
    expect(test.warming.state).toBe('warming');
    test.set('key100', 'new');
    test.store.delete(test.key('key101'));
    test.scheduler.advance(1000);
    await untilHeldBack(test, 126);
    expect(test.get('key100')).toBe('new');
    expect(test.get('key101')).toBeUndefined();
    expect(test.warming.left).toBe(2);
    test.store.clear();
    test.scheduler.advance(1000);
    await done;
    expect(test.keys()).toEqual([]);
    expect(test.warming.state).toBe('failed');
    expect(test.log.at(-1)).toContain('all items have been removed here meanwhile (flush_all)');
  });

  it('the rate is a bound: so many a second, large ones count more', async () => {
    const items = Array.from({ length: 8 }, (_, i) => ({ key: `key${i}`, value: 'x'.repeat(65_536) }));
    const test = await prepare(items, { rate: 10 });
    const done = test.warming.run();
    await untilHeldBack(test, 4);
    // Four items that count five each.
    test.scheduler.advance(1999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.warming.items).toBe(4);
    test.scheduler.advance(1);
    await done;
    expect(test.warming.items).toBe(8);
  });
});

describe('a peer that', () => {
  const ENDED = /^warming from peer ended early: /;
  it.each<[what: string, answer: (line: string) => string | null, why: string]>([
    [
      'does not list',
      (line) => (line.startsWith('lru') ? 'CLIENT_ERROR lru crawler disabled\r\n' : null),
      'it does not list its keys: CLIENT_ERROR lru crawler disabled',
    ],
    [
      'does not know mg',
      (line) => (line.startsWith('mg') ? 'ERROR\r\n' : null),
      'it does not give its items: ERROR',
    ],
    [
      'sends endless lines',
      (line) => (line.startsWith('lru') ? 'x'.repeat(20_000) : null),
      'it sent a line that is too long',
    ],
    ['hangs up', (line) => (line.startsWith('lru') ? null : HANG_UP), 'it closed the connection'],
  ])('%s ends the warming, and the log says why', async (_what, answer, why) => {
    const { warming, log } = await warmed([{ key: 'a' }], { answer });
    expect(warming.state).toBe('failed');
    expect(log.at(-1)).toMatch(ENDED);
    expect(log.at(-1)).toContain(why);
  });

  it('is not there ends it', async () => {
    const { warming, log } = await warmed([], { peer: { path: '/nonexistent/socket' } });
    expect(warming.state).toBe('failed');
    expect(log.at(-1)).toContain('ENOENT');
  });

  it('is silent ends it after ten seconds', async () => {
    const { warming, log, scheduler, peer } = await prepare([], { answer: () => '' });
    const done = warming.run();
    await until(() => peer.requests.length === 1 && scheduler.pending > 0);
    scheduler.advance(10_000);
    await done;
    expect(log.at(-1)).toContain('it has been silent for 10 seconds');
  });

  it('is busy with another dump is asked again', async () => {
    let asked = 0;
    const test = await prepare([{ key: 'a' }], {
      answer: (line) =>
        line.startsWith('lru') && asked++ === 0 ? 'BUSY currently processing crawler request\r\n' : null,
    });
    const done = test.warming.run();
    await untilHeldBack(test, 0);
    test.scheduler.advance(1000);
    await done;
    expect(test.keys()).toEqual(['a']);
  });

  it('wants a password gets it, and a wrong one ends it', async () => {
    const answer = (line: string): string | null => {
      if (line.startsWith('set ')) return '';
      if (line === 'ann secret') return 'STORED\r\n';
      return line.startsWith('ann') ? 'CLIENT_ERROR authentication failure\r\n' : null;
    };
    const good = await warmed([{ key: 'a' }], { answer, credentials: 'ann secret' });
    expect(good.peer.requests[0]).toBe('set user 0 0 10');
    expect(good.keys()).toEqual(['a']);
    const bad = await warmed([{ key: 'a' }], { answer, credentials: 'ann wrong' });
    expect(bad.log.at(-1)).toContain('it did not let us in: CLIENT_ERROR authentication failure');
  });

  it('is slow does not outlive a stop', async () => {
    const { warming, peer, log } = await prepare([], { answer: () => '' });
    const done = warming.run();
    await until(() => peer.requests.length === 1);
    warming.stop();
    await done;
    expect(log).toEqual(['warming from peer']);
  });
});

const ITEMS = 500;
const FILL = `${Array.from({ length: ITEMS }, (_, i) => `set key${i} ${i % 9} ${i % 2 === 0 ? 0 : 1000} ${i}\r\n${'v'.repeat(i)}\r\n`).join('')}ms YSBi 2 b T60\r\nzz\r\n`;

async function filled(port: number): Promise<number> {
  expect(await talk(port, `${FILL}quit\r\n`)).toMatch(/^(STORED\r\n)+HD\r\n$/);
  return port;
}

async function stats(port: number): Promise<Record<string, string>> {
  const text = await talk(port, 'stats\r\nquit\r\n');
  return Object.fromEntries(
    Array.from(text.matchAll(/^STAT (\S+) (.*)\r$/gm), ([, name, value]) => [name, value]),
  );
}

async function whenWarm(command: Command): Promise<number> {
  const port = await command.port();
  const deadline = Date.now() + 20_000;
  while ((await stats(port)).warm_state === 'warming')
    if (Date.now() > deadline) throw new Error(`still warming: ${command.stderr}`);
  return port;
}

async function expectCopy(port: number): Promise<void> {
  expect(await stats(port)).toMatchObject({
    warm_state: 'done',
    warm_items: String(ITEMS + 1),
    warm_left_out: '0',
    curr_items: String(ITEMS + 1),
    cmd_set: '0',
  });
  const got = await talk(port, 'mg key7 v f t\r\nmg key8 s f t\r\nmg YSBi b v t\r\nquit\r\n');
  expect(got).toMatch(/^VA 7 f7 t(1000|99\d)\r\nvvvvvvv\r\nHD s8 f8 t-1\r\nVA 2 t(60|5\d)\r\nzz\r\n$/);
}

const memcached = memcachedTool();

describe.skipIf(memcached.missing)(`from memcached${memcached.hint}`, () => {
  it('copies values, flags and times', async () => {
    const peer = await startMemcached();
    await filled(peer.port);
    const command = start(['--warm-from', `127.0.0.1:${peer.port}`]);
    await expectCopy(await whenWarm(command));
    expect(command.stderr).toMatch(/warmed from 127\.0\.0\.1:\d+ in [\d.]+ seconds: 501 items/);
    await peer.stop();
  });
});

async function order(port: number): Promise<string[]> {
  const dump = await talk(port, 'lru_crawler metadump all\r\nquit\r\n');
  return Array.from(dump.matchAll(/^key=(\S+)/gm), ([, key]) => key!);
}

describe('from hotset', () => {
  it('over TLS, with a user: in the same order, without a trace in the order of the peer', async () => {
    const files = certFiles(folder(), certificate('server'));
    const users = join(folder(), 'users');
    writeFileSync(users, 'ann:secret\n');
    const secure = ['-Z', '-o', `ssl_chain_cert=${files.certFile},ssl_key=${files.keyFile}`];
    const plain = start();
    const from = await filled(await plain.port());
    // The one in the middle has the items, TLS and a user.
    const middle = start([...secure, '-Y', users, '--warm-from', `127.0.0.1:${from}`]);
    const before = await order(from);
    expect(before).toHaveLength(ITEMS + 1);
    const port = await middle.port();
    while (!middle.stderr.includes('warmed from')) await new Promise((resolve) => setTimeout(resolve, 5));
    const last = start([
      '--warm-from',
      `tls:localhost:${port}`,
      '--warm-user-file',
      users,
      '-o',
      `ssl_ca_cert=${files.certFile}`,
    ]);
    await expectCopy(await whenWarm(last));
    expect(await order(from)).toEqual(before);
    const copied = await order(await last.port());
    // What the check has read is at the end now.
    const rest = (keys: readonly string[]) => keys.filter((key) => !['key7', 'key8', 'a%20b'].includes(key));
    expect(rest(copied)).toEqual(rest(before));
  });

  it('a peer that is not there does not keep the server from serving', async () => {
    const command = start(['--warm-from', '127.0.0.1:1']);
    const port = await whenWarm(command);
    expect(await stats(port)).toMatchObject({ warm_state: 'failed', warm_items: '0' });
    expect(command.stderr).toMatch(/warming from 127\.0\.0\.1:1 ended early: .*ECONNREFUSED/);
  });
});
