/**
 * What every second tier does, as a table: each tier's spec runs it on its own tier, over the store for real.
 *
 * Rows use keys of their own, so that they share one server. A row waits for what happens, never for a while: what expires is
 * read until it is gone, with the shortest TTL that the store has.
 */

import { expect, it, vi } from 'vitest';
import type { Leases, SecondTier, TierEntry } from '../../lib/tiered/second-tier.js';

export interface ContractTarget {
  /** Asked for in each row, so that a file may start its server in `beforeAll`. */
  tier(): SecondTier;
  /** The step in which the store counts TTLs: the shortest TTL, and how much longer it may keep an entry. Default: 1 ms. */
  readonly ttlStepMs?: number;
  /** The longest key, in bytes of UTF-8. Default: 5,000. */
  readonly maxKeyBytes?: number;
  /** The largest value that is stored. Default: 3 MB. */
  readonly maxValueBytes?: number;
  /** Rows that the store cannot hold, by the title of the spec, each with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** What a row works with. */
interface Row {
  readonly tier: SecondTier;
  readonly signal: AbortSignal;
  readonly stepMs: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  /** A key of this row alone. */
  key(name?: string): string;
  get(key: string): Promise<TierEntry | undefined>;
  set(key: string, text: string, ttlMs?: number): Promise<void>;
  /** Waits for an answer that is not undefined. */
  until<T>(ask: () => Promise<T | undefined>): Promise<T>;
}

interface LeaseRow extends Row {
  readonly leases: Leases;
  /** Reads with a lease of a minute, stale below nothing. */
  read(key: string): ReturnType<Leases['read']>;
  /** Takes the lease, which must be free. */
  take(key: string, leaseMs?: number, staleBelowMs?: number): Promise<string>;
  fill(key: string, lease: string, text: string, ttlMs?: number): Promise<boolean>;
}

const LONG_MS = 60_000;
/** An entry's time is in no doubt: further off than any run of the specs. */
const HOUR_MS = 3_600_000;
const STALE_BELOW_MS = 2 * HOUR_MS;

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (entry: TierEntry | undefined): string | undefined =>
  entry === undefined ? undefined : Buffer.from(entry.bytes).toString();

/** Names that a protocol, a pattern or a script might take for its own. */
const ODD_NAMES: readonly string[] = [
  '',
  ' a b ',
  'tab\there',
  'line\r\nend',
  'nul\0byte',
  'ünïcödé – 日本語 🙂',
  '{tag}after',
  'before{tag}after',
  '{}nothing',
  '}{',
  'a{b}c{d}',
  'open{',
  '*?[a-z]\\',
  '__proto__',
  '$0',
  '%s',
];

const EVERY_BYTE: Uint8Array = Uint8Array.from({ length: 512 }, (_, at) => at & 0xff);

const ROWS: Readonly<Record<string, (row: Row) => Promise<void>>> = {
  'has nothing at first': async ({ tier, key, signal }) => {
    expect([...(await tier.get([key('a'), key('b')], signal))]).toEqual([]);
  },

  'asks for no keys, and stores and deletes none': async ({ tier, signal }) => {
    expect((await tier.get([], signal)).size).toBe(0);
    await tier.set(new Map(), signal);
    await tier.delete([], signal);
  },

  'brings what was set, with the time it has left': async ({ key, set, get, stepMs }) => {
    await set(key(), 'value', HOUR_MS);
    const entry = await get(key());
    expect(textOf(entry)).toBe('value');
    expect(entry!.ttlMs).toBeGreaterThan(HOUR_MS - LONG_MS);
    expect(entry!.ttlMs).toBeLessThanOrEqual(HOUR_MS + stepMs);
  },

  'keeps an entry without a limit': async ({ key, set, get }) => {
    await set(key(), 'value', Number.POSITIVE_INFINITY);
    expect((await get(key()))!.ttlMs).toBe(Number.POSITIVE_INFINITY);
  },

  'keeps an entry for months': async ({ key, set, get }) => {
    const monthsMs = 100 * 24 * HOUR_MS;
    await set(key(), 'value', monthsMs);
    const entry = await get(key());
    expect(textOf(entry)).toBe('value');
    expect(entry!.ttlMs).toBeGreaterThan(monthsMs - LONG_MS);
    expect(entry!.ttlMs).toBeLessThan(monthsMs + LONG_MS);
  },

  'replaces the value and the time': async ({ key, set, get }) => {
    await set(key(), 'first', HOUR_MS);
    await set(key(), 'second', Number.POSITIVE_INFINITY);
    expect(await get(key())).toMatchObject({ ttlMs: Number.POSITIVE_INFINITY });
    await set(key(), 'third', HOUR_MS);
    const entry = await get(key());
    expect(textOf(entry)).toBe('third');
    expect(entry!.ttlMs).toBeLessThan(2 * HOUR_MS);
  },

  'lets an entry expire': async ({ key, set, get, stepMs, until }) => {
    await set(key(), 'value', stepMs);
    await until(async () => ((await get(key())) === undefined ? true : undefined));
  },

  'does not keep for ever what has less than a millisecond left': async ({ key, set, get, until }) => {
    await set(key(), 'value', 0.25);
    await until(async () => ((await get(key())) === undefined ? true : undefined));
  },

  'sets, brings and deletes many keys': async ({ tier, key, signal }) => {
    const entries = new Map<string, TierEntry>();
    for (let at = 0; at < 200; at++)
      entries.set(key(`${at}`), { bytes: bytesOf(`value ${at}`), ttlMs: HOUR_MS });
    await tier.set(entries, signal);
    const found = await tier.get([...entries.keys(), key('absent')], signal);
    expect(found.size).toBe(200);
    for (const [name, { bytes }] of entries)
      expect(Buffer.compare(found.get(name)!.bytes, bytes), name).toBe(0);
    const odd = [...entries.keys()].filter((_, at) => at % 2 === 1);
    await tier.delete([...odd, key('absent')], signal);
    const left = await tier.get([...entries.keys()], signal);
    expect([...left.keys()].sort()).toEqual([...entries.keys()].filter((name) => !odd.includes(name)).sort());
  },

  'sets entries with different times in one call': async ({ tier, key, signal, get }) => {
    await tier.set(
      new Map([
        [key('a'), { bytes: bytesOf('a'), ttlMs: Number.POSITIVE_INFINITY }],
        [key('b'), { bytes: bytesOf('b'), ttlMs: HOUR_MS }],
      ]),
      signal,
    );
    expect((await get(key('a')))!.ttlMs).toBe(Number.POSITIVE_INFINITY);
    expect((await get(key('b')))!.ttlMs).toBeLessThan(2 * HOUR_MS);
  },

  'takes a key twice': async ({ tier, key, set, signal }) => {
    await set(key(), 'value');
    expect((await tier.get([key(), key()], signal)).size).toBe(1);
    await tier.delete([key(), key()], signal);
    expect((await tier.get([key(), key()], signal)).size).toBe(0);
  },

  'keeps every byte of a value': async ({ tier, key, get, signal }) => {
    await tier.set(new Map([[key(), { bytes: EVERY_BYTE, ttlMs: HOUR_MS }]]), signal);
    expect(Buffer.compare((await get(key()))!.bytes, EVERY_BYTE)).toBe(0);
  },

  'stores a part of a larger buffer as that part': async ({ tier, key, get, signal }) => {
    const bytes = bytesOf('before value after').subarray(7, 12);
    await tier.set(new Map([[key(), { bytes, ttlMs: HOUR_MS }]]), signal);
    expect(textOf(await get(key()))).toBe('value');
  },

  'brings bytes that later answers do not change': async ({ key, set, get }) => {
    await set(key('a'), 'a'.repeat(1_000));
    await set(key('b'), 'b'.repeat(1_000));
    const entry = await get(key('a'));
    for (let times = 0; times < 10; times++) await get(key('b'));
    expect(textOf(entry)).toBe('a'.repeat(1_000));
  },

  'keeps odd keys apart': async ({ tier, key, set, get, signal }) => {
    for (const name of ODD_NAMES) await set(key(name), `value of ${name}`);
    for (const name of ODD_NAMES) expect(textOf(await get(key(name))), name).toBe(`value of ${name}`);
    await tier.delete(ODD_NAMES.map(key), signal);
    expect((await tier.get(ODD_NAMES.map(key), signal)).size).toBe(0);
  },

  'takes long keys': async ({ key, set, get, maxKeyBytes }) => {
    const long = key('').padEnd(maxKeyBytes, 'k');
    const other = `${long.slice(0, -1)}K`;
    await set(long, 'value');
    await set(other, 'other');
    expect(textOf(await get(long))).toBe('value');
    expect(textOf(await get(other))).toBe('other');
  },

  'takes values of any size': async ({ tier, key, get, signal, maxValueBytes }) => {
    for (const size of [1, 1_000, 70_000, maxValueBytes]) {
      const bytes = Buffer.alloc(size, EVERY_BYTE);
      await tier.set(new Map([[key(), { bytes, ttlMs: HOUR_MS }]]), signal);
      expect(Buffer.compare((await get(key()))!.bytes, bytes), `${size}`).toBe(0);
    }
  },

  'answers calls that overlap': async ({ key, set, get }) => {
    const names = Array.from({ length: 100 }, (_, at) => `${at}`);
    await Promise.all(names.map((name) => set(key(name), name)));
    expect(await Promise.all(names.map(async (name) => textOf(await get(key(name)))))).toEqual(names);
  },

  'settles when nobody waits any more, and goes on working': async ({ tier, key, set, get }) => {
    const gone = AbortSignal.abort();
    await Promise.allSettled([
      tier.get([key()], gone),
      tier.set(new Map([[key(), { bytes: bytesOf('never mind'), ttlMs: HOUR_MS }]]), gone),
      tier.delete([key()], gone),
    ]);
    await set(key(), 'value');
    expect(textOf(await get(key()))).toBe('value');
  },
};

const PREFIX_ROWS: Readonly<
  Record<string, (row: Row & { deletePrefix(prefix: string): Promise<void> }) => Promise<void>>
> = {
  'deletes what begins with a prefix, and nothing else': async ({ tier, key, signal, deletePrefix }) => {
    const entry: TierEntry = { bytes: bytesOf('value'), ttlMs: HOUR_MS };
    const names = Array.from({ length: 300 }, (_, at) => `in:${at}`);
    const others = ['in', 'other:in:1', 'IN:1'];
    await tier.set(new Map([...names, ...others].map((name) => [key(name), entry])), signal);
    await deletePrefix(key('in:'));
    expect((await tier.get(names.map(key), signal)).size).toBe(0);
    expect((await tier.get(others.map(key), signal)).size).toBe(others.length);
  },

  'deletes nothing where nothing begins with the prefix': async ({ key, deletePrefix }) => {
    await deletePrefix(key('nothing'));
  },

  'takes a prefix as it is written': async ({ tier, key, set, signal, deletePrefix }) => {
    const prefixes = ['a*', 'b?', '[c]', 'd\\', '{e}', 'é'];
    const alike = ['axx', 'bxx', 'cxx', 'dxx', 'exx', 'eé'];
    for (const name of [...prefixes.map((prefix) => `${prefix}xx`), ...alike]) await set(key(name), 'value');
    for (const prefix of prefixes) await deletePrefix(key(prefix));
    const found = await tier.get(
      [...prefixes.map((prefix) => key(`${prefix}xx`)), ...alike.map(key)],
      signal,
    );
    expect([...found.keys()].sort()).toEqual(alike.map(key).sort());
  },
};

const LEASE_ROWS: Readonly<Record<string, (row: LeaseRow) => Promise<void>>> = {
  'gives a lease to the first who finds nothing': async ({ key, read }) => {
    const first = await read(key());
    expect(first).toMatchObject({ entry: undefined, isLoading: false });
    expect(first.lease).toEqual(expect.any(String));
    expect(await read(key())).toEqual({ entry: undefined, lease: undefined, isLoading: true });
  },

  'gives one lease to many at once': async ({ key, read }) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(key())));
    expect(answers.filter(({ lease }) => lease !== undefined)).toHaveLength(1);
    expect(answers.filter(({ isLoading }) => isLoading)).toHaveLength(49);
  },

  'shows no lease as an entry': async ({ key, take, get }) => {
    await take(key());
    expect(await get(key())).toBeUndefined();
  },

  'stores under the lease, which ends': async ({ key, take, fill, read, get }) => {
    const lease = await take(key());
    expect(await fill(key(), lease, 'loaded', HOUR_MS)).toBe(true);
    const entry = await get(key());
    expect(textOf(entry)).toBe('loaded');
    expect(entry!.ttlMs).toBeGreaterThan(HOUR_MS - LONG_MS);
    const next = await read(key());
    expect(next).toMatchObject({ lease: undefined, isLoading: false });
    expect(textOf(next.entry)).toBe('loaded');
    expect(next.entry!.ttlMs).toBeGreaterThan(HOUR_MS - LONG_MS);
    expect(await fill(key(), lease, 'again')).toBe(false);
    expect(textOf(await get(key()))).toBe('loaded');
  },

  'fills an entry without a limit': async ({ key, take, fill, get }) => {
    expect(await fill(key(), await take(key()), 'loaded', Number.POSITIVE_INFINITY)).toBe(true);
    expect((await get(key()))!.ttlMs).toBe(Number.POSITIVE_INFINITY);
  },

  'fills and reads every byte': async ({ key, leases, take, read, signal }) => {
    const lease = await take(key());
    await leases.fill(key(), lease, { bytes: EVERY_BYTE, ttlMs: HOUR_MS }, signal);
    expect(Buffer.compare((await read(key())).entry!.bytes, EVERY_BYTE)).toBe(0);
  },

  'gives no lease where the entry has time enough': async ({ key, set, leases, signal }) => {
    await set(key(), 'fresh', 3 * HOUR_MS);
    const found = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
    expect(found).toMatchObject({ lease: undefined, isLoading: false });
    expect(textOf(found.entry)).toBe('fresh');
  },

  'gives a lease for whatever is there, where it is to be loaded anyway': async ({
    key,
    set,
    leases,
    signal,
  }) => {
    for (const ttlMs of [3 * HOUR_MS, Number.POSITIVE_INFINITY]) {
      await set(key(`${ttlMs}`), 'fresh', ttlMs);
      const found = await leases.read(key(`${ttlMs}`), LONG_MS, Number.POSITIVE_INFINITY, signal);
      expect(found).toMatchObject({ lease: expect.any(String), isLoading: false });
      expect(textOf(found.entry)).toBe('fresh');
    }
  },

  'never takes an entry without a limit for stale': async ({ key, set, leases, signal }) => {
    await set(key(), 'fresh', Number.POSITIVE_INFINITY);
    const found = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
    expect(found).toMatchObject({
      entry: { ttlMs: Number.POSITIVE_INFINITY },
      lease: undefined,
      isLoading: false,
    });
  },

  'gives a lease with a stale entry, and shows it to the others': async ({
    key,
    set,
    get,
    leases,
    fill,
    signal,
  }) => {
    await set(key(), 'stale', HOUR_MS);
    const first = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
    expect(first).toMatchObject({ lease: expect.any(String), isLoading: false });
    expect(textOf(first.entry)).toBe('stale');
    const second = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
    expect(second).toMatchObject({ lease: undefined, isLoading: true });
    expect(textOf(second.entry)).toBe('stale');
    expect(textOf(await get(key()))).toBe('stale');
    expect(await fill(key(), first.lease!, 'new', 3 * HOUR_MS)).toBe(true);
    const third = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
    expect(third).toMatchObject({ lease: undefined, isLoading: false });
    expect(textOf(third.entry)).toBe('new');
  },

  'is void once the key is set': async ({ key, take, set, fill, get, read }) => {
    const lease = await take(key());
    await set(key(), 'written');
    expect(await fill(key(), lease, 'loaded before')).toBe(false);
    expect(textOf(await get(key()))).toBe('written');
    expect(await read(key())).toMatchObject({ lease: undefined, isLoading: false });
  },

  'is void once the key is deleted, and the next reader gets another': async ({
    tier,
    key,
    take,
    fill,
    get,
    signal,
  }) => {
    const lease = await take(key());
    await tier.delete([key()], signal);
    expect(await fill(key(), lease, 'loaded before')).toBe(false);
    expect(await get(key())).toBeUndefined();
    const next = await take(key());
    expect(next).not.toBe(lease);
    expect(await fill(key(), lease, 'loaded before')).toBe(false);
    expect(await fill(key(), next, 'loaded since')).toBe(true);
    expect(textOf(await get(key()))).toBe('loaded since');
  },

  'of a stale entry is void once the key is set or deleted': async ({
    tier,
    key,
    take,
    set,
    fill,
    get,
    signal,
  }) => {
    await set(key(), 'stale', HOUR_MS);
    const first = await take(key(), LONG_MS, STALE_BELOW_MS);
    await set(key(), 'written', HOUR_MS);
    expect(await fill(key(), first, 'loaded before')).toBe(false);
    expect(textOf(await get(key()))).toBe('written');
    const second = await take(key(), LONG_MS, STALE_BELOW_MS);
    await tier.delete([key()], signal);
    expect(await fill(key(), second, 'loaded before')).toBe(false);
    expect(await get(key())).toBeUndefined();
  },

  'is void for each of many keys that are set or deleted': async ({ tier, key, take, fill, signal }) => {
    const names = Array.from({ length: 20 }, (_, at) => key(`${at}`));
    const tokens = await Promise.all(names.map((name) => take(name)));
    const entry: TierEntry = { bytes: bytesOf('written'), ttlMs: HOUR_MS };
    await tier.set(new Map(names.slice(0, 10).map((name) => [name, entry])), signal);
    await tier.delete(names.slice(10), signal);
    const filled = await Promise.all(names.map((name, at) => fill(name, tokens[at]!, 'loaded before')));
    expect(filled).toEqual(names.map(() => false));
  },

  'ends by itself, when its holder has died': async ({
    key,
    leases,
    take,
    fill,
    get,
    signal,
    stepMs,
    until,
  }) => {
    const dead = await take(key(), stepMs);
    const next = await until(async () => (await leases.read(key(), LONG_MS, 0, signal)).lease);
    expect(await fill(key(), dead, 'too late')).toBe(false);
    expect(await fill(key(), next, 'in time')).toBe(true);
    expect(textOf(await get(key()))).toBe('in time');
  },

  'ends by itself beside a stale entry, which stays': async ({
    key,
    set,
    leases,
    take,
    signal,
    stepMs,
    until,
  }) => {
    await set(key(), 'stale', HOUR_MS);
    const dead = await take(key(), stepMs, STALE_BELOW_MS);
    const next = await until(async () => {
      const answer = await leases.read(key(), LONG_MS, STALE_BELOW_MS, signal);
      expect(textOf(answer.entry)).toBe('stale');
      return answer.lease;
    });
    expect(next).not.toBe(dead);
  },

  'goes to the next reader once it is released': async ({ key, leases, take, fill, signal }) => {
    const first = await take(key());
    await leases.release(key(), first, signal);
    expect(await fill(key(), first, 'given up')).toBe(false);
    const second = await take(key());
    expect(second).not.toBe(first);
  },

  'leaves a stale entry when it is released': async ({ key, set, get, leases, take, signal }) => {
    await set(key(), 'stale', HOUR_MS);
    const lease = await take(key(), LONG_MS, STALE_BELOW_MS);
    await leases.release(key(), lease, signal);
    expect(textOf(await get(key()))).toBe('stale');
    await take(key(), LONG_MS, STALE_BELOW_MS);
  },

  'is released by nobody but its holder': async ({ key, leases, take, fill, read, signal }) => {
    const old = await take(key());
    await leases.release(key(), old, signal);
    const lease = await take(key());
    await leases.release(key(), old, signal);
    expect(await read(key())).toMatchObject({ isLoading: true });
    expect(await fill(key(), lease, 'loaded')).toBe(true);
    await leases.release(key(), lease, signal);
    expect(await read(key())).toMatchObject({ lease: undefined, isLoading: false });
  },

  'is for one key': async ({ key, take, fill, get }) => {
    const lease = await take(key('a'));
    await take(key('b'));
    expect(await fill(key('b'), lease, 'of another key')).toBe(false);
    expect(await get(key('b'))).toBeUndefined();
  },

  'is void once its prefix is deleted': async ({ tier, key, set, take, fill, get, signal }) => {
    if (tier.deletePrefix === undefined) return;
    await set(key('in:stale'), 'stale', HOUR_MS);
    const names = [key('in:absent'), key('in:stale'), key('in:{tag}'), key('in:}')];
    const tokens = await Promise.all(names.map((name) => take(name, LONG_MS, STALE_BELOW_MS)));
    const other = await take(key('other'));
    await tier.deletePrefix(key('in:'), signal);
    for (const [at, name] of names.entries()) {
      expect(await fill(name, tokens[at]!, 'loaded before'), name).toBe(false);
      expect(await get(name), name).toBeUndefined();
    }
    expect(await fill(key('other'), other, 'loaded')).toBe(true);
  },

  'works under odd and long keys': async ({ key, take, fill, get, maxKeyBytes }) => {
    for (const name of [...ODD_NAMES.map(key), key('long').padEnd(maxKeyBytes, 'k')]) {
      expect(await fill(name, await take(name), `value of ${name}`), name).toBe(true);
      expect(textOf(await get(name)), name).toBe(`value of ${name}`);
    }
  },
};

/** Makes a spec of each row; call it inside of a `describe`. Rows of what the tier does not have are skipped. */
export function secondTierContract(target: ContractTarget): void {
  const { ttlStepMs = 1, maxKeyBytes = 5_000, maxValueBytes = 3_000_000, exceptions = {} } = target;
  /** What this run writes, in a store that another run may have used. */
  const run = Math.random().toString(36).slice(2, 8);

  function rowOf(at: number): Row {
    const tier = target.tier();
    const { signal } = new AbortController();
    return {
      tier,
      signal,
      stepMs: ttlStepMs,
      maxKeyBytes,
      maxValueBytes,
      key: (name = 'key') => `${run}:${at}:${name}`,
      get: async (key) => (await tier.get([key], signal)).get(key),
      set: (key, text, ttlMs = HOUR_MS) =>
        tier.set(new Map([[key, { bytes: bytesOf(text), ttlMs }]]), signal),
      until: (ask) =>
        vi.waitFor(
          async () => {
            const answer = await ask();
            if (answer === undefined) throw new Error('not yet');
            return answer;
          },
          { timeout: 20_000, interval: Math.min(ttlStepMs, 100) },
        ),
    };
  }

  function leaseRowOf(row: Row, leases: Leases): LeaseRow {
    const { signal } = row;
    return {
      ...row,
      leases,
      read: (key) => leases.read(key, LONG_MS, 0, signal),
      take: async (key, leaseMs = LONG_MS, staleBelowMs = 0) => {
        const { lease } = await leases.read(key, leaseMs, staleBelowMs, signal);
        expect(lease, `the lease of ${key}`).toEqual(expect.any(String));
        return lease!;
      },
      fill: (key, lease, text, ttlMs = HOUR_MS) =>
        leases.fill(key, lease, { bytes: bytesOf(text), ttlMs }, signal),
    };
  }

  let at = 0;
  function specify(name: string, run: (row: Row, skip: (why: string) => void) => Promise<void>): void {
    const number = at++;
    const exception = exceptions[name];
    if (exception !== undefined) it.skip(`${name} (${exception})`);
    else it(name, (context) => run(rowOf(number), context.skip));
  }

  for (const [name, run] of Object.entries(ROWS)) specify(name, run);
  for (const [name, run] of Object.entries(PREFIX_ROWS))
    specify(name, async (row, skip) => {
      if (row.tier.deletePrefix === undefined) return skip('cannot delete by prefix');
      await run({ ...row, deletePrefix: (prefix) => row.tier.deletePrefix!(prefix, row.signal) });
    });
  for (const [name, run] of Object.entries(LEASE_ROWS))
    specify(`lease: ${name}`, async (row, skip) => {
      if (row.tier.leases === undefined) return skip('has no leases');
      await run(leaseRowOf(row, row.tier.leases));
    });
}
