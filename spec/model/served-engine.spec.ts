/**
 * A service and clients over one engine, at random, against a Map of what each of them must see. What has gone for lack of room
 * the engine's own reports say; a value that is still there must be the right one, in both worlds.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock, type RemovalCause } from '../../lib/index.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import { Key } from '../../lib/items/key.js';
import type { ItemData } from '../../lib/items.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 500);
const OPERATIONS = 100;
const NEVER = Number.POSITIVE_INFINITY;

const UNREADABLE = Symbol('unreadable');

/** What both must see of an entry. */
interface Seen {
  /** For the service: the very value where it has stored it itself. */
  value: unknown;
  isOwn: boolean;
  /** For clients; null where they must not see it. */
  bytes: Buffer | null;
  flags: number;
  dueMs: number;
}

const circle: { self?: unknown } = {};
circle.self = circle;
class Hidden {
  readonly n = 5n;
}

const KEYS = ['a', 'b', 'kk', 'grün', '世界', 'x'.repeat(200), '\udcff', 'a b'];
const key = fc.constantFrom(...KEYS);
const text = fc.oneof(
  fc.constantFrom(
    '',
    'plain',
    'grün ☃',
    'x'.repeat(4096),
    'x'.repeat(4097),
    'ü'.repeat(2500),
    '\ud800',
    '42',
  ),
  fc.string({ maxLength: 20 }),
);
const value = fc.oneof(
  text,
  fc.constantFrom(0, 1, 300, 4096, 5000).map((length) => Buffer.alloc(length, 0xfe)),
  fc.constantFrom<unknown>(42, 0, null, true, circle, 5n, Number.NaN, undefined),
  fc
    .constantFrom('[]', '[1,"ü"]', '{"a":1}', `{"list":"${'y'.repeat(5000)}"}`)
    .map((json) => JSON.parse(json)),
  fc.constant(100).map((length) => new Uint8Array(length)),
  fc.constant(0).map(() => new Hidden()),
);
const bytes = fc
  .oneof(
    fc.constantFrom('', '42', 'ü', '{"a":[1,2]}', '{"a"', '"text"', 'x'.repeat(4096), 'z'.repeat(6000)),
    fc.string({ maxLength: 20 }),
  )
  .map((some) => Buffer.from(some));
const flags = fc.constantFrom(0, 1, 2, 2, 4, 5, 16);
const ttl = fc.constantFrom(NEVER, NEVER, NEVER, 100, 1);

function kind<Name extends string, Shape extends object>(
  op: Name,
  shape: { [Part in keyof Shape]: fc.Arbitrary<Shape[Part]> },
): fc.Arbitrary<{ op: Name } & Shape> {
  return fc.record(shape).map((parts) => ({ op, ...parts }) as { op: Name } & Shape);
}

const operation = fc.oneof(
  kind('set', { key, value, ttl }),
  kind('set', { key, value, ttl }),
  kind('setWithFlags', { key, value, flags }),
  kind('get', { key }),
  kind('get', { key }),
  kind('peek', { key }),
  kind('update', { key, value }),
  kind('delete', { key }),
  kind('entries', {}),
  kind('dump', {}),
  kind('evictOldest', {}),
  kind('resize', { maxBytes: fc.constantFrom(3000, 9000, 20_000, 60_000) }),
  kind('advance', { ms: fc.constantFrom(1, 50, 100) }),
  kind('clientSet', { key, bytes, flags, ttl }),
  kind('clientSet', { key, bytes, flags, ttl }),
  kind('clientRead', { key }),
  kind('clientRead', { key }),
  kind('clientPeek', { key }),
  kind('clientUpdate', { key, bytes }),
  kind('clientExtend', { key, bytes, before: fc.boolean() }),
  kind('clientDelete', { key }),
  kind('clientWalk', {}),
  kind('clientDump', {}),
);

const features = fc.record({
  maxBytes: fc.constantFrom(NEVER, 1200, 4000, 16_000, 60_000),
  evict: fc.boolean(),
  sizeOf: fc.boolean(),
  servedAtOnce: fc.boolean(),
});

/** What a client must see of a service's value. */
function encoded(given: unknown, itsFlags = 0): Pick<Seen, 'bytes' | 'flags'> {
  if (typeof given === 'string') {
    if (itsFlags === 2) return { bytes: Buffer.from(JSON.stringify(given)), flags: 2 };
    const utf8 = Buffer.from(given, 'utf8');
    return { bytes: utf8.toString('utf8') === given ? utf8 : null, flags: 0 };
  }
  if (given instanceof Uint8Array) return { bytes: Buffer.from(given), flags: 4 };
  const has =
    given !== circle &&
    given !== undefined &&
    typeof given !== 'bigint' &&
    !(given instanceof Hidden) &&
    !Number.isNaN(given);
  return { bytes: has ? Buffer.from(JSON.stringify(given)) : null, flags: 2 };
}

/** What the service must see of a client's. */
function decoded(given: Buffer, itsFlags: number): unknown {
  if (itsFlags === 2) {
    try {
      return JSON.parse(given.toString('utf8'));
    } catch {
      return UNREADABLE;
    }
  }
  return [0, 1, 16].includes(itsFlags) ? given.toString('utf8') : given;
}

function agree(
  { maxBytes, evict, sizeOf, servedAtOnce }: typeof features extends fc.Arbitrary<infer Each> ? Each : never,
  operations: readonly (typeof operation extends fc.Arbitrary<infer Each> ? Each : never)[],
): void {
  const clock = new ManualClock();
  const model = new Map<string, Seen>();
  /** Removals that nobody asked for. */
  let writing: string | null = null;
  const onRemoval = (gone: string, itsValue: unknown, cause: RemovalCause): void => {
    const seen = model.get(gone)!;
    if (seen.value !== UNREADABLE) expect(itsValue).toEqual(seen.value);
    else expect(itsValue).toEqual(seen.bytes);
    if (cause === 'expired') expect(seen.dueMs).toBeLessThanOrEqual(clock.now());
    if (gone !== writing || cause !== 'replaced') model.delete(gone);
  };
  const engine = new CacheEngine<string, unknown>({
    maxBytes,
    maxEntries: 6,
    evict,
    clock,
    onRemoval,
    sizeOf: sizeOf ? () => 100 : undefined,
  });
  let wasThere: boolean;
  let items: EngineItems | null = servedAtOnce ? new EngineItems(engine) : null;
  const served = (): EngineItems => {
    items ??= new EngineItems(engine);
    return items;
  };
  const keyBytes = (named: string): Key => {
    const its = new Key(served().hashSeed);
    its.setText(named === '\udcff' ? '\xff' : Buffer.from(named, 'utf8').toString('latin1'));
    return its;
  };
  const dataOf = (some: Buffer): ItemData => {
    const data: ItemData = { bytes: some, start: 0, end: some.length, place: 0, owned: false };
    if (some.length % 2 === 0) Object.assign(data, { bytes: Buffer.from(some), owned: true });
    return data;
  };
  const live = (named: string): Seen | undefined => {
    const seen = model.get(named);
    return seen === undefined || seen.dueMs <= clock.now() ? undefined : seen;
  };
  /** Runs a write; the model has the new value once it is stored. */
  const write = (named: string, seen: Seen, store: () => string): void => {
    writing = named;
    const result = store();
    writing = null;
    if (result === 'stored') model.set(named, seen);
    else if (result === 'too-large' || result === 'no-room') {
      if (!engine.has(named)) model.delete(named);
    }
  };
  const checkRead = (named: string, read: () => unknown): void => {
    const seen = live(named);
    if (seen === undefined) {
      expect(read()).toBeUndefined();
      return;
    }
    if (seen.value === UNREADABLE) {
      expect(read).toThrow(expect.objectContaining({ code: 'HOTSET_UNREADABLE_VALUE' }));
      expect(engine.has(named)).toBe(true);
      return;
    }
    const got = read();
    if (seen.isOwn) expect(got).toBe(seen.value);
    else expect(got).toEqual(seen.value);
  };
  const checkItem = (slot: number, seen: Seen): void => {
    const its = served();
    expect(its.flagsAt(slot)).toBe(seen.flags);
    expect(its.valueBytesAt(slot)).toBe(seen.bytes!.length);
    const target = Buffer.alloc(seen.bytes!.length + 2);
    its.copyValueAt(slot, target, 1);
    expect(target.subarray(1, -1).equals(seen.bytes!)).toBe(true);
    expect(its.valueAt(slot).equals(seen.bytes!)).toBe(true);
  };
  const own = (given: unknown, dueMs: number): Seen => ({
    value: given,
    isOwn: true,
    dueMs,
    ...encoded(given),
  });
  const theirs = (given: Buffer, itsFlags: number, dueMs: number): Seen => ({
    value: decoded(given, itsFlags),
    isOwn: false,
    bytes: given,
    flags: itsFlags,
    dueMs,
  });

  for (const o of operations) {
    switch (o.op) {
      case 'set':
        write(o.key, own(o.value, clock.now() + o.ttl), () => engine.set(o.key, o.value, { ttlMs: o.ttl }));
        break;
      case 'setWithFlags':
        write(
          o.key,
          {
            ...own(o.value, NEVER),
            ...encoded(o.value, o.flags),
            ...(o.flags === 0 ? {} : { flags: o.flags }),
          },
          () => engine.set(o.key, o.value, { flags: o.flags }),
        );
        break;
      case 'get':
        checkRead(o.key, () => engine.get(o.key));
        break;
      case 'peek':
        checkRead(o.key, () => engine.peek(o.key));
        break;
      case 'update': {
        const before = live(o.key);
        if (before === undefined) {
          expect(engine.update(o.key, o.value)).toBe('not-found');
          break;
        }
        const isKind = items !== null ? [0, 2, 4].includes(before.flags) : true;
        const seen = own(o.value, before.dueMs);
        if (!isKind) seen.flags = before.flags;
        // Flags of a write before anybody was served are kept.
        const explicit = items === null ? (engine.getEntry(o.key)?.flags ?? 0) : 0;
        if (!engine.has(o.key)) break;
        if (explicit !== 0) Object.assign(seen, encoded(o.value, explicit), { flags: explicit });
        write(o.key, seen, () => engine.update(o.key, o.value));
        break;
      }
      case 'delete':
        wasThere = live(o.key) !== undefined;
        expect(engine.delete(o.key)).toBe(wasThere);
        model.delete(o.key);
        break;
      case 'entries':
        for (const [each, shown] of engine) {
          const seen = live(each)!;
          expect(shown).toEqual(seen.value === UNREADABLE ? seen.bytes : seen.value);
        }
        expect([...engine.keys()].sort()).toEqual([...model.keys()].filter((each) => live(each)).sort());
        break;
      case 'dump': {
        const copy = new CacheEngine<string, unknown>({ maxBytes: NEVER, maxEntries: 100, clock });
        copy.load(engine.dump());
        const copied = new EngineItems(copy);
        for (const each of copy.keys()) {
          const seen = live(each)!;
          if (seen.bytes === null || seen.value === UNREADABLE) continue;
          const its = new Key(copied.hashSeed);
          its.setText(each === '\udcff' ? '\xff' : Buffer.from(each, 'utf8').toString('latin1'));
          const slot = copied.read(its);
          expect(copied.flagsAt(slot)).toBe(seen.flags);
          expect(decoded(copied.valueAt(slot), seen.flags)).toEqual(decoded(seen.bytes, seen.flags));
        }
        break;
      }
      case 'evictOldest': {
        const evicted = engine.evictOldest();
        if (evicted !== undefined) expect(model.has(evicted[0])).toBe(false);
        break;
      }
      case 'resize':
        if (maxBytes !== NEVER) engine.resize({ maxBytes: o.maxBytes });
        break;
      case 'advance':
        clock.advance(o.ms);
        break;
      case 'clientSet':
        write(o.key, theirs(o.bytes, o.flags, clock.now() + o.ttl), () =>
          served().set(keyBytes(o.key), dataOf(o.bytes), o.ttl, o.flags, false),
        );
        break;
      case 'clientRead':
      case 'clientPeek': {
        served();
        const seen = live(o.key);
        const slot = o.op === 'clientRead' ? served().read(keyBytes(o.key)) : served().peek(keyBytes(o.key));
        if (seen === undefined || seen.bytes === null) expect(slot).toBeLessThanOrEqual(0);
        // The first flags of all may have cost the very entry its place.
        else if (slot === 0) expect(engine.has(o.key)).toBe(false);
        else checkItem(slot, seen);
        break;
      }
      case 'clientUpdate':
      case 'clientExtend': {
        served();
        const before = live(o.key);
        const slot = served().peek(keyBytes(o.key));
        expect(slot > 0).toBe(before !== undefined && before.bytes !== null && live(o.key) !== undefined);
        if (slot === 0 || before === undefined) break;
        const held = before.bytes!;
        if (o.op === 'clientUpdate')
          write(o.key, theirs(o.bytes, before.flags, before.dueMs), () =>
            served().update(slot, dataOf(o.bytes), false, false),
          );
        else
          write(
            o.key,
            theirs(Buffer.concat(o.before ? [o.bytes, held] : [held, o.bytes]), before.flags, before.dueMs),
            () => served().extend(slot, dataOf(o.bytes), o.before, false),
          );
        break;
      }
      case 'clientDelete':
        served();
        wasThere = live(o.key) !== undefined;
        expect(served().delete(keyBytes(o.key))).toBe(wasThere);
        model.delete(o.key);
        break;
      case 'clientWalk': {
        served();
        const walked: string[] = [];
        for (const slot of served().walk('newest-first')) {
          const latin1 = served().keyAt(slot);
          const named = latin1 === '\xff' ? '\udcff' : Buffer.from(latin1, 'latin1').toString('utf8');
          walked.push(named);
          checkItem(slot, live(named)!);
        }
        const visible = [...model.keys()].filter(
          (each) => live(each) !== undefined && live(each)!.bytes !== null,
        );
        expect(walked.sort()).toEqual(visible.sort());
        break;
      }
      case 'clientDump': {
        served();
        const copied = new EngineItems(
          new CacheEngine<string, unknown>({ maxBytes: NEVER, maxEntries: 100, clock }),
        );
        copied.load(served().dump());
        const its = [...served().dump()];
        expect([...copied.dump()]).toEqual(its);
        for (const { key: latin1, value: dumped, flags: itsFlags } of its) {
          const seen = live(latin1 === '\xff' ? '\udcff' : Buffer.from(latin1, 'latin1').toString('utf8'))!;
          expect(dumped.equals(seen.bytes!)).toBe(true);
          expect(itsFlags).toBe(seen.flags);
        }
        break;
      }
    }
    items?.endTurn();
    expect(engine.verify()).toEqual([]);
    expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
  }
}

describe('a service and clients over one engine', () => {
  it(`see each other's values over ${RUNS} runs of ${OPERATIONS} operations`, () => {
    fc.assert(
      fc.property(features, fc.array(operation, { minLength: 1, maxLength: OPERATIONS, size: 'max' }), agree),
      { numRuns: RUNS, interruptAfterTimeLimit: Number(process.env.LIMIT ?? 1e6) },
    );
  });
});
