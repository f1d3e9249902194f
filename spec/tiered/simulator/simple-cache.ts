/**
 * The simplest cache of two tiers that keeps the promise, for the simulator to be tried on: each of its flaws is a rule that it
 * can be told to break.
 */

import { InvalidationLink, resolveInvalidation } from '../../../lib/tiered/invalidation-link.js';
import type { TierEntry } from '../../../lib/tiered/second-tier.js';
import { type CacheParts, type CacheUnderTest, KEYS, PREFIX, SEND_TIMEOUT_MS } from './world.js';

/** Rules that can be broken. */
export type Flaw =
  | 'trusts a lost link'
  | 'is not emptied on reconnect'
  | 'keeps what was loaded before a change'
  | 'fills without a lease'
  | 'reads versions of tags after it loads'
  | 'lets a caller join a load from before its own write'
  | 'acknowledges before the others are told'
  | 'acknowledges what failed'
  | 'forgets that a link can be silent'
  | 'fails with its second tier';

interface Flight {
  readonly answer: Promise<string | undefined>;
  isValid: boolean;
}

interface Envelope {
  readonly value: string;
  readonly tags: Readonly<Record<string, string | undefined>>;
}

const anySignal = (): AbortSignal => new AbortController().signal;

export function createSimpleCache(parts: CacheParts, flaws: ReadonlySet<Flaw> = new Set()): CacheUnderTest {
  const { settings, tier, source, clock, scheduler, random, load, tagsOf } = parts;
  const held = new Map<string, { value: string; expiresAtMs: number }>();
  const flights = new Map<string, Flight>();
  /** What the second tier has under them may be old: they are to be deleted there. */
  const doubtful = new Set<string>();

  const forget = (key: string): void => {
    held.delete(key);
    const flight = flights.get(key);
    if (flight !== undefined && !flaws.has('keeps what was loaded before a change')) flight.isValid = false;
    flights.delete(key);
  };
  const forgetAll = (): void => {
    for (const key of new Set([...held.keys(), ...flights.keys()])) forget(key);
  };
  const forgetTags = (tags: readonly string[]): void => {
    for (const key of new Set([...held.keys(), ...flights.keys()]))
      if (tagsOf(key).some((tag) => tags.includes(tag))) forget(key);
  };

  const link = new InvalidationLink(
    source ?? null,
    PREFIX,
    resolveInvalidation({
      maxStaleMs: flaws.has('trusts a lost link') ? 1_000_000 : settings.maxStaleMs,
      maxSilentMs: flaws.has('forgets that a link can be silent') ? 1_000_000 : settings.maxSilentMs,
      maxQueued: settings.maxQueued,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      retryBaseMs: 10,
      maxRetryMs: 50,
      clock,
      scheduler,
      random,
    }),
    {
      keysChanged: (keys) => {
        for (const key of keys) {
          const name = key.slice(PREFIX.length + 2);
          if (key === `${PREFIX}c`) forgetAll();
          else if (key.startsWith(`${PREFIX}v:`)) forget(name);
          else forgetTags([name]);
        }
      },
      tagsInvalidated: forgetTags,
      allChanged: () => {
        if (!flaws.has('is not emptied on reconnect')) forgetAll();
      },
    },
  );
  link.start();

  /** Rejects when the second tier takes too long. */
  const timed = <T>(request: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = scheduler.schedule(settings.tierTimeoutMs, () => reject(new Error('too slow')));
      request.then(resolve, reject).finally(cancel);
    });

  const tagKey = (tag: string): string => `${PREFIX}t:${tag}`;
  const versionsOf = async (tags: readonly string[]): Promise<Envelope['tags']> => {
    if (tags.length === 0) return {};
    const found = await timed(tier.get(tags.map(tagKey), anySignal()));
    const missing = tags.filter((tag) => !found.has(tagKey(tag)));
    const made = new Map(missing.map((tag) => [tagKey(tag), newVersion()]));
    if (made.size > 0) await timed(tier.set(made, anySignal()));
    return Object.fromEntries(
      tags.map((tag) => [tag, textOf(found.get(tagKey(tag)) ?? made.get(tagKey(tag))!)]),
    );
  };
  const newVersion = (): TierEntry => ({
    bytes: Buffer.from(String(random())),
    ttlMs: Number.POSITIVE_INFINITY,
  });
  const textOf = ({ bytes }: TierEntry): string => Buffer.from(bytes).toString();

  const opened = (entry: TierEntry | undefined, tags: Envelope['tags']): string | undefined => {
    if (entry === undefined) return undefined;
    const envelope = JSON.parse(textOf(entry)) as Envelope;
    return Object.entries(tags).every(([tag, version]) => envelope.tags[tag] === version)
      ? envelope.value
      : undefined;
  };
  const enveloped = (value: string, tags: Envelope['tags']): TierEntry => ({
    bytes: Buffer.from(JSON.stringify({ value, tags } satisfies Envelope)),
    ttlMs: settings.ttlMs,
  });

  const loadInto = async (key: string, tags: Envelope['tags'], lease: string | undefined) => {
    const value = await load(key);
    if (value !== undefined)
      try {
        const isLate = flaws.has('reads versions of tags after it loads');
        const entry = enveloped(value, isLate ? await versionsOf(tagsOf(key)) : tags);
        const isPlain = tier.leases === undefined || flaws.has('fills without a lease');
        if (isPlain) await timed(tier.set(new Map([[`${PREFIX}v:${key}`, entry]]), anySignal()));
        else if (lease !== undefined)
          await timed(tier.leases.fill(`${PREFIX}v:${key}`, lease, entry, anySignal()));
      } catch {}
    return { value, ttlMs: settings.ttlMs };
  };

  const fetch = async (key: string): Promise<{ value: string | undefined; ttlMs: number }> => {
    const stored = `${PREFIX}v:${key}`;
    let tags: Envelope['tags'];
    let lease: string | undefined;
    if (doubtful.has(key)) return { value: await load(key), ttlMs: settings.ttlMs };
    try {
      tags = await versionsOf(tagsOf(key));
      for (let waitedMs = 0; ; waitedMs += 10) {
        const { leases } = tier;
        const read =
          leases === undefined
            ? {
                entry: (await timed(tier.get([stored], anySignal()))).get(stored),
                lease: undefined,
                isLoading: false,
              }
            : await timed(leases.read(stored, settings.leaseMs, 0, anySignal()));
        const value = opened(read.entry, tags);
        if (value !== undefined) return { value, ttlMs: read.entry!.ttlMs };
        // An entry of old tags: nobody has a lease for it here. The real one is cleverer.
        if (read.entry !== undefined) return { value: await load(key), ttlMs: settings.ttlMs };
        lease = read.lease;
        if (!read.isLoading || waitedMs >= settings.leaseWaitMs) break;
        await new Promise<void>((resolve) => scheduler.schedule(10, resolve));
      }
    } catch (error) {
      if (flaws.has('fails with its second tier')) throw error;
      return { value: await load(key), ttlMs: settings.ttlMs };
    }
    return loadInto(key, tags, lease);
  };

  const get = (key: string): Promise<string | undefined> => {
    const local = getLocal(key);
    if (local !== undefined) return Promise.resolve(local);
    const joined = flights.get(key);
    if (joined !== undefined) return joined.answer;
    const flight: Flight = {
      isValid: true,
      answer: fetch(key).then(
        ({ value, ttlMs }) => {
          if (flights.get(key) === flight) flights.delete(key);
          if (flight.isValid && value !== undefined)
            held.set(key, { value, expiresAtMs: clock.now() + ttlMs });
          return value;
        },
        (error) => {
          if (flights.get(key) === flight) flights.delete(key);
          throw error;
        },
      ),
    };
    flights.set(key, flight);
    return flight.answer;
  };

  const getLocal = (key: string): string | undefined => {
    const entry = held.get(key);
    return entry !== undefined && link.isTrusted && clock.now() < entry.expiresAtMs ? entry.value : undefined;
  };

  /** Deletes it, again and again. */
  const doubt = (key: string): void => {
    doubtful.add(key);
    scheduler.schedule(100, () => {
      timed(tier.delete([`${PREFIX}v:${key}`], anySignal())).then(
        () => {
          doubtful.delete(key);
          void link.publish({ keys: [`${PREFIX}v:${key}`] });
        },
        () => doubt(key),
      );
    });
  };

  const write = async (
    keys: readonly string[],
    change: () => Promise<unknown>,
    tags: readonly string[] = [],
    all = false,
  ): Promise<boolean> => {
    const drop = (): void => {
      if (all) forgetAll();
      forgetTags(tags);
      for (const key of keys)
        if (flaws.has('lets a caller join a load from before its own write')) held.delete(key);
        else forget(key);
    };
    drop();
    const message = all
      ? { all }
      : {
          ...(keys.length > 0 && { keys: keys.map((key) => `${PREFIX}v:${key}`) }),
          ...(tags.length > 0 && { tags }),
        };
    try {
      await timed(change());
    } catch {
      if (flaws.has('acknowledges what failed')) return true;
      void link.publish(message);
      drop();
      for (const key of KEYS)
        if (all || keys.includes(key) || tagsOf(key).some((tag) => tags.includes(tag))) doubt(key);
      return false;
    }
    // What was loaded while the change was under way may be older.
    drop();
    const told = link.publish(message);
    return flaws.has('acknowledges before the others are told') ? true : told;
  };

  const deleteAll = async (prefix: string): Promise<void> => {
    const keys = KEYS.filter((key) => key.startsWith(prefix)).map((key) => `${PREFIX}v:${key}`);
    if (tier.deletePrefix === undefined) await tier.delete(keys, anySignal());
    else await tier.deletePrefix(`${PREFIX}v:${prefix}`, anySignal());
    // The store names only what was there.
    await tier.set(new Map([[`${PREFIX}c`, newVersion()]]), anySignal());
  };

  return {
    get,
    getLocal,
    getForced: load,
    getMany: async (keys) => {
      const values = await Promise.all(keys.map(get));
      return new Map(keys.flatMap((key, at) => (values[at] === undefined ? [] : [[key, values[at]]])));
    },
    set: (key, value) =>
      write([key], async () => {
        const entry = enveloped(value, await versionsOf(tagsOf(key)));
        await tier.set(new Map([[`${PREFIX}v:${key}`, entry]]), anySignal());
      }),
    delete: (key) => write([key], () => tier.delete([`${PREFIX}v:${key}`], anySignal())),
    invalidateTags: (tags) =>
      write([], () => tier.set(new Map(tags.map((tag) => [tagKey(tag), newVersion()])), anySignal()), tags),
    deletePrefix: (prefix) => write([], () => deleteAll(prefix), [], true),
    clear: () => write([], () => deleteAll(''), [], true),
    isLoading: () => flights.size > 0,
  };
}
