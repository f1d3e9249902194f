/** The reply cache without a client: what loads and invalidations do to each other, in every order. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argumentText, commandText } from '../../lib/adapters/redis/argument-text.js';
import { ByKey } from '../../lib/adapters/redis/by-key.js';
import { copyReply } from '../../lib/adapters/redis/copy-reply.js';
import { type ReadCommand, ReplyCache } from '../../lib/adapters/redis/reply-cache.js';
import { ManualClock } from '../../lib/index.js';

/** A load that the spec ends. */
class Load {
  readonly command: ReadCommand;
  settle!: { resolve(value: unknown): void; reject(error: Error): void };
  count = 0;

  constructor(text: string, keys: readonly string[] = [text], transform: unknown = undefined) {
    this.command = {
      text,
      keys,
      transform,
      load: () => {
        this.count++;
        return new Promise((resolve, reject) => {
          this.settle = { resolve, reject };
        });
      },
    };
  }
}

describe('loads and invalidations', () => {
  it('caches what was loaded, and gives each reader a copy', async () => {
    const cache = new ReplyCache({});
    const load = new Load('k');
    const first = cache.read(load.command);
    load.settle.resolve({ a: [1] });
    const value = (await first) as { a: number[] };
    value.a.push(2);
    expect(await cache.read(load.command)).toEqual({ a: [1] });
    expect(load.count).toBe(1);
    expect(cache.counters).toMatchObject({ hits: 1, misses: 1, loads: 1, failures: 0 });
  });

  it('does not store what was on its way when its key changed; who asks later asks the server', async () => {
    const cache = new ReplyCache({});
    const [old, fresh] = [new Load('k'), new Load('k')];
    const before = cache.read(old.command);
    cache.invalidate('k');
    const after = cache.read(fresh.command);
    fresh.settle.resolve('new');
    expect(await after).toBe('new');
    old.settle.resolve('old');
    expect(await before).toBe('old');
    expect(await cache.read(new Load('k').command)).toBe('new');
  });

  it('heeds an invalidation that comes with the reply, before anybody has seen it', async () => {
    const cache = new ReplyCache({});
    const load = new Load('k');
    const reading = cache.read(load.command);
    load.settle.resolve('old');
    cache.invalidate('k');
    expect(await reading).toBe('old');
    expect(cache.engine.size).toBe(0);
  });

  it.each([
    ['one of its keys', 'b'],
    ['all keys', null],
  ])('forgets a reply of several keys when %s changed', async (_, key) => {
    const cache = new ReplyCache({});
    const load = new Load('MGET', ['a', 'b']);
    const reading = cache.read(load.command);
    load.settle.resolve(['1', '2']);
    await reading;
    expect([cache.engine.size, cache.keyCount]).toEqual([1, 2]);
    cache.invalidate(key);
    expect([cache.engine.size, cache.keyCount]).toEqual([0, 0]);
  });

  it('clears what is on its way too', async () => {
    const cache = new ReplyCache({});
    const load = new Load('k');
    const reading = cache.read(load.command);
    cache.clear();
    load.settle.resolve('old');
    await reading;
    expect(cache.engine.size).toBe(0);
  });

  it('loads once for all who ask at the same time', async () => {
    const cache = new ReplyCache({});
    const load = new Load('k');
    const readers = Array.from({ length: 5 }, () => cache.read(load.command));
    load.settle.resolve(['x']);
    const values = await Promise.all(readers);
    expect([load.count, values]).toEqual([1, Array(5).fill(['x'])]);
    expect(new Set(values).size).toBe(5);
  });

  it('lets the failure of one reader fail nobody else', async () => {
    const cache = new ReplyCache({});
    const [aborted, own] = [new Load('k'), new Load('k')];
    const first = cache.read(aborted.command);
    const second = cache.read(own.command);
    aborted.settle.reject(new Error('aborted'));
    await expect(first).rejects.toThrow('aborted');
    await Promise.resolve();
    own.settle.resolve('fine');
    expect(await second).toBe('fine');
    expect(cache.counters).toMatchObject({ loads: 1, failures: 1 });
    expect(cache.engine.size).toBe(0);
  });

  it('keeps apart what two functions make of the same reply', async () => {
    const cache = new ReplyCache({});
    const [one, two] = [new Load('k', ['k'], Number), new Load('k', ['k'], String)];
    const readers = [cache.read(one.command), cache.read(two.command)];
    one.settle.resolve(1);
    two.settle.resolve('1');
    expect(await Promise.all(readers)).toEqual([1, '1']);
    expect(await cache.read(two.command)).toBe('1');
    expect(two.count).toBe(1);
  });

  it('expires, evicts and refuses by the limits given', async () => {
    const clock = new ManualClock();
    const cache = new ReplyCache({ maxBytes: 100_000, maxEntryBytes: 20_000, ttlMs: 1000, clock });
    const put = async (text: string, value: unknown) => {
      const load = new Load(text);
      const reading = cache.read(load.command);
      load.settle.resolve(value);
      return reading;
    };
    for (let i = 0; i < 100; i++) await put(`k${i}`, 'x'.repeat(5000));
    expect(cache.engine.bytes).toBeLessThanOrEqual(100_000);
    expect(cache.keyCount).toBe(cache.engine.size);
    const { size } = cache.engine;
    expect(await put('large', 'x'.repeat(30_000))).toHaveLength(30_000);
    expect([cache.engine.size, cache.keyCount]).toEqual([size, size]);
    clock.advance(1000);
    cache.engine.sweepExpired();
    expect([cache.engine.size, cache.keyCount]).toEqual([0, 0]);
  });

  it('takes what somebody else put into its engine for a miss', async () => {
    const cache = new ReplyCache({});
    cache.engine.set('k', 'foreign');
    const load = new Load('k');
    const reading = cache.read(load.command);
    load.settle.resolve('ours');
    expect(await reading).toBe('ours');
  });

  it.each([null, { maxSize: 1 }, { ttl: 1 }, { maxBytes: 0 }, { ttlMs: 0 }, { sizeOf: () => 1 }])(
    'refuses %o',
    (options) => {
      expect(() => new ReplyCache(options as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
    },
  );
});

/** A server with one connection: what it sends arrives in order, and as late as the history says. */
class ModelServer {
  readonly versions = new Map<string, number>();
  readonly #tracked = new Set<string>();
  readonly #sent: (() => void)[] = [];

  load(keys: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const reply = keys.map((key) => this.versions.get(key) ?? 0).join();
      for (const key of keys) this.#tracked.add(key);
      this.#sent.push(() => resolve(reply));
    });
  }

  write(key: string, cache: ReplyCache): void {
    this.versions.set(key, (this.versions.get(key) ?? 0) + 1);
    if (this.#tracked.delete(key)) this.#sent.push(() => cache.invalidate(key));
  }

  /** Everything sent is lost, and what the server knew of this connection. */
  reconnect(cache: ReplyCache): void {
    this.#tracked.clear();
    this.#sent.length = 0;
    cache.clear();
  }

  receive(count: number): void {
    for (const arrive of this.#sent.splice(0, count)) arrive();
  }
}

describe('against a server of its own, in random order', () => {
  const keys = fc.subarray(['a', 'b', 'c'], { minLength: 1 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), keys }),
    fc.record({ kind: fc.constant('write' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('receive' as const), count: fc.nat(4) }),
    fc.record({ kind: fc.constant('turn' as const) }),
    fc.record({ kind: fc.constant('reconnect' as const) }),
  );

  it('serves what the server has, once all that it sent has arrived', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const server = new ModelServer();
        const cache = new ReplyCache({ maxBytes: 20_000 });
        const command = (each: readonly string[]): ReadCommand => ({
          text: each.join(),
          keys: each,
          transform: undefined,
          load: () => server.load(each),
        });
        for (const each of steps)
          if (each.kind === 'read') cache.read(command(each.keys)).catch(() => {});
          else if (each.kind === 'write') server.write(each.key, cache);
          else if (each.kind === 'receive') server.receive(each.count);
          else if (each.kind === 'reconnect') server.reconnect(cache);
          else await new Promise(setImmediate);
        server.receive(Number.POSITIVE_INFINITY);
        await new Promise(setImmediate);
        for (const text of [...cache.engine.keys()]) {
          const current = text
            .split(',')
            .map((key) => server.versions.get(key) ?? 0)
            .join();
          expect(await cache.read(command(text.split(',')))).toBe(current);
        }
        expect(cache.engine.verify()).toEqual([]);
        expect(cache.keyCount).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe('copies', () => {
  const replies: unknown[] = [
    null,
    undefined,
    1n,
    true,
    'text',
    [1, [null, 'a']],
    new Map<unknown, unknown>([['a', [1]]]),
    new Set(['a', 1]),
    Buffer.from('abc'),
    Object.assign(Object.create(null), { a: '1' }),
    Object.defineProperty({}, '__proto__', { value: ['1'], enumerable: true }),
    new Date(5),
    { deep: { deeper: [Buffer.alloc(0)] } },
  ];

  it.each(replies)('%o', (reply) => {
    const copy = copyReply(reply);
    expect(copy).toStrictEqual(reply);
    if (typeof reply === 'object' && reply !== null) {
      expect(copy).not.toBe(reply);
      expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(reply));
    }
  });

  it('are Buffers of their own, whose block holds nothing else', () => {
    const copy = copyReply([Buffer.from('abcdef').subarray(1, 3)]);
    expect([copy[0]!.toString(), copy[0]!.buffer.byteLength]).toEqual(['bc', 2]);
  });
});

describe('the text of a command', () => {
  const argument = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('1:a', ':', '0:', Buffer.from([0xff]), Buffer.from([0xfe]), '\u00ff', '\ufffd'),
  );
  const bytes = (each: string | Buffer) => Buffer.from(each as string).toString('hex');

  it('is equal where the server gets the same bytes, and only there', () => {
    fc.assert(
      fc.property(fc.array(argument), fc.array(argument), (one, two) => {
        const isSame = one.map(bytes).join() === two.map(bytes).join() && one.length === two.length;
        expect(commandText(one) === commandText(two)).toBe(isSame);
        expect(commandText(one)).toBe(commandText(one.map((each) => Buffer.from(each as string))));
      }),
    );
    expect(argumentText('é')).toBe(argumentText(Buffer.from('é')));
  });
});

describe('items by key', () => {
  const change = fc.record({
    adds: fc.boolean(),
    keys: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    item: fc.constantFrom('1', '2', '3'),
  });

  it('are what sets of pairs would be', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const byKey = new ByKey<string>();
        const pairs = new Set<string>();
        for (const { adds, keys, item } of changes) {
          if (adds) byKey.add(keys, item);
          else byKey.remove(keys, item);
          for (const key of keys) pairs[adds ? 'add' : 'delete'](key + item);
        }
        const found = ['a', 'b', 'c'].flatMap((key) => byKey.at(key).map((item) => key + item));
        expect(found.sort()).toEqual([...pairs].sort());
        expect(byKey.size).toBe(new Set([...pairs].map((pair) => pair[0])).size);
      }),
    );
  });
});
