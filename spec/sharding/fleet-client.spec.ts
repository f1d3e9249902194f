/** FleetClient over three servers for real: what goes where, near caches, subscriptions, and a server that is away. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../lib/index.js';
import {
  FleetClient,
  type FleetClientOptions,
  type FleetInvalidation,
  ketama,
} from '../../lib/sharding/index.js';
import { type LiveServer, liveServer } from '../client/live-fixture.js';

const KEYS = Array.from({ length: 90 }, (_, i) => `key-${i}`);

interface Fleet {
  readonly servers: readonly LiveServer[];
  readonly fleet: FleetClient;
  readonly clock: ManualClock;
  /** A key whose server this is. */
  keyOn(server: number): string;
  /** Cuts the connection, and lets none come about. */
  takeAway(server: number): Promise<void>;
  bringBack(server: number): Promise<void>;
}

async function fleetOf(options: FleetClientOptions = {}): Promise<Fleet> {
  const servers = await Promise.all([liveServer(), liveServer(), liveServer()]);
  const clock = new ManualClock();
  const away = new Set<string>();
  const fleet = new FleetClient(
    servers.map(({ url }, i) => ({ url, name: `server-${i}` })),
    {
      clock,
      backoffBaseMs: 1,
      maxBackoffMs: 5,
      timeoutMs: 20_000,
      socket: (url, offered) => {
        if (away.has(url)) throw new Error('refused');
        return new WebSocket(url, [...offered]);
      },
      ...options,
    },
  );
  open.push(fleet);
  const stateOf = (server: number) => fleet.states().get(`server-${server}`);
  return {
    servers,
    fleet,
    clock,
    keyOn: (server) => KEYS.find((key) => fleet.serverOf(key) === `server-${server}`)!,
    async takeAway(server) {
      await fleet.ping();
      away.add(servers[server]!.url);
      servers[server]!.cutAll();
      await vi.waitFor(() => expect(stateOf(server)).not.toBe('connected'));
      clock.advance(1000);
    },
    async bringBack(server) {
      away.delete(servers[server]!.url);
      await vi.waitFor(() => expect(stateOf(server)).toBe('connected'));
    },
  };
}

const open: FleetClient[] = [];
// Before the fixture's servers, which wait for their connections: the last hook runs first.
afterEach(() => {
  for (const fleet of open.splice(0)) fleet.close();
});

describe('FleetClient', () => {
  it('writes and reads each key on its own server, many at once', async () => {
    const { fleet, servers } = await fleetOf();
    await Promise.all(KEYS.map((key, i) => fleet.set(key, { i })));
    for (const [i, { engine }] of servers.entries()) {
      const own = KEYS.filter((key) => fleet.serverOf(key) === `server-${i}`);
      expect([...engine.keys()].sort()).toEqual(own.toSorted());
      expect(own.length).toBeGreaterThan(10);
    }
    const found = await fleet.getMany(['nothing', ...KEYS, KEYS[0]!]);
    expect([...found.keys()]).toEqual(KEYS);
    expect(found.get('key-7')).toEqual({ i: 7 });
    const entries = await fleet.getEntries(['nothing', ...KEYS]);
    expect([...entries.keys()]).toEqual(KEYS);
    expect(entries.get('key-7')).toMatchObject({ value: { i: 7 }, version: expect.any(String) });
  });

  it('has every method of a client that goes by a key', async () => {
    const { fleet } = await fleetOf();
    expect(await fleet.add('a', 'x')).toMatchObject({ result: 'stored' });
    expect(await fleet.add('a', 'y')).toMatchObject({ result: 'exists' });
    expect(await fleet.replace('b', 'y')).toMatchObject({ result: 'not-found' });
    await fleet.append('a', '-');
    await fleet.prepend('a', '+');
    expect(await fleet.get('a')).toBe('+x-');
    expect(await fleet.get('a', { as: 'bytes' })).toEqual(Uint8Array.from(Buffer.from('+x-')));
    const { version } = (await fleet.getEntry('a'))!;
    expect(await fleet.compareAndSet('a', version!, 'z')).toMatchObject({ result: 'stored' });
    expect(await fleet.touch('a', 60_000)).toBe(true);
    expect((await fleet.inspect('a'))!.ttlMs).toBeLessThanOrEqual(60_000);
    expect(await fleet.getAndTouch('a', Number.POSITIVE_INFINITY)).toBe('z');
    expect(await fleet.getAndDelete('a')).toBe('z');
    expect(await fleet.delete('a')).toBe(false);
    const { lease } = await fleet.getOrLease('leased', { leaseMs: 60_000 });
    expect(await fleet.fill('leased', lease!, 'loaded')).toMatchObject({ result: 'stored' });
    expect(await fleet.release('leased', lease!)).toBe(false);
    expect(await fleet.increment('n', 1, { initial: 5 })).toBe(5n);
    expect(await fleet.increment('n')).toBe(6n);
    await expect(fleet.get(7 as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(fleet.getMany('keys')).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  });

  it('lists, deletes by prefix and tag, and flushes on all servers', async () => {
    const { fleet, servers } = await fleetOf();
    await Promise.all(KEYS.map((key, i) => fleet.set(key, i, { tags: [`tag-${i % 2}`] })));
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await fleet.keys({ prefix: 'key-', limit: 7, cursor });
      listed.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(listed.sort()).toEqual(KEYS.toSorted());
    await expect(fleet.keys({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'HOTSET_INVALID_CURSOR' });
    expect(await fleet.invalidateTags(['tag-1'])).toBe(45);
    expect(await fleet.deletePrefix('key-1')).toBe(5);
    const stats = await fleet.stats();
    expect([...stats.keys()]).toEqual(['server-0', 'server-1', 'server-2']);
    expect([...stats.values()].reduce((sum, { engine }) => sum + engine.size, 0)).toBe(40);
    await fleet.flush();
    for (const { engine } of servers) expect(engine.size).toBe(0);
  });

  it('holds near caches over all servers, each kept by its own', async () => {
    const { fleet, servers, keyOn } = await fleetOf({ nearCache: { maxBytes: '1MiB' } });
    await fleet.ping();
    const keys = [0, 1, 2].map(keyOn);
    for (const key of keys) await fleet.set(key, 'first');
    for (const key of keys) expect(await fleet.get(key)).toBe('first');
    expect(fleet.nearStats()).toMatchObject({ inUse: true, hits: 3, size: 3, maxBytes: 3 * 2 ** 20 });
    servers[1]!.engine.set(keys[1]!, 'second');
    await vi.waitFor(async () => expect(await fleet.get(keys[1]!)).toBe('second'));
    expect(await fleet.get(keys[0]!)).toBe('first');
  });

  it('subscribes to all servers, and says where a change was', async () => {
    const { fleet, servers, keyOn } = await fleetOf();
    const heard: FleetInvalidation[] = [];
    const stop = await fleet.subscribe({ prefixes: ['key-'] }, (change) => heard.push(change));
    for (const [i, { engine }] of servers.entries()) engine.set(keyOn(i), 'x');
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    expect(heard.map(({ key, server }) => [server, key]).sort()).toEqual(
      [0, 1, 2].map((i) => [`server-${i}`, keyOn(i)]),
    );
    stop();
    await fleet.ping();
    servers[0]!.engine.set(keyOn(0), 'y');
    await fleet.ping();
    expect(heard).toHaveLength(3);
  });

  it('places keys as other clients of the fleet, by host and port', async () => {
    const urls = ['ws://10.0.0.1:11280/ws', 'ws://10.0.0.2:11280/ws', 'ws://10.0.0.3/ws'];
    const socket = () => new Promise<never>(() => {});
    const fleet = new FleetClient(urls, { ring: ketama(), socket });
    const names = ['10.0.0.1:11280', '10.0.0.2:11280', '10.0.0.3'];
    const ring = ketama()(names.map((name) => ({ name })));
    for (const key of KEYS) expect(fleet.serverOf(key)).toBe(names[ring.locate(key)]);
    fleet.close();
  });

  it('refuses servers and options that are none', () => {
    const argument = expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' });
    const option = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
    for (const servers of ['ws://a', [null], ['http://a'], ['a'], [{ name: 'a' }]])
      expect(() => new FleetClient(servers as never).close()).toThrow(argument);
    expect(() => new FleetClient([])).toThrow(option);
    expect(() => new FleetClient(['ws://a', 'ws://a'])).toThrow(option);
    for (const options of [{ outAfterMs: -1 }, { ring: 1 }, { rings: 1 }, { timeoutMs: 0 }])
      expect(() => new FleetClient(['ws://a'], options as never), JSON.stringify(options)).toThrow(option);
  });
});

describe('a server without a connection', () => {
  it('is out after outAfterMs: its keys are misses, its writes reject at once, and the others go on', async () => {
    const { fleet, takeAway, bringBack, keyOn } = await fleetOf();
    await Promise.all(KEYS.map((key) => fleet.set(key, 'value')));
    await takeAway(1);
    const refused = expect.objectContaining({ code: 'HOTSET_DISCONNECTED' });
    expect(await fleet.get(keyOn(1))).toBeUndefined();
    expect(await fleet.getEntry(keyOn(1))).toBeUndefined();
    await expect(fleet.set(keyOn(1), 'new')).rejects.toEqual(refused);
    const rest = KEYS.filter((key) => fleet.serverOf(key) !== 'server-1');
    expect([...(await fleet.getMany(KEYS)).keys()]).toEqual(rest);
    await expect(fleet.deletePrefix('key-')).rejects.toEqual(refused);
    expect(await fleet.get(keyOn(0))).toBeUndefined();
    expect([...(await fleet.stats()).keys()]).toEqual(['server-0', 'server-2']);
    await bringBack(1);
    expect(await fleet.get(keyOn(1))).toBe('value');
  });

  it('is waited for before that, and for ever with outAfterMs Infinity', async () => {
    const { fleet, takeAway, bringBack, keyOn } = await fleetOf({ outAfterMs: Number.POSITIVE_INFINITY });
    await fleet.set(keyOn(1), 'value');
    await takeAway(1);
    const waiting = fleet.get(keyOn(1));
    await bringBack(1);
    expect(await waiting).toBe('value');
  });

  it('is subscribed to when it is back, and the listener hears that it may have missed changes', async () => {
    const { fleet, takeAway, bringBack, servers, keyOn } = await fleetOf();
    await takeAway(1);
    const heard: FleetInvalidation[] = [];
    const stop = await fleet.subscribe({ prefixes: [''] }, (change) => heard.push(change));
    await bringBack(1);
    await vi.waitFor(() =>
      expect(heard).toEqual([{ key: undefined, cause: 'reconnected', version: null, server: 'server-1' }]),
    );
    servers[1]!.engine.set(keyOn(1), 'x');
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard[1]).toMatchObject({ key: keyOn(1), server: 'server-1' });
    stop();
  });
});
