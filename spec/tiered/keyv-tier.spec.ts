import { Keyv as Keyv6 } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyvHotset } from '../../lib/adapters/keyv/index.js';
import { CacheEngine } from '../../lib/index.js';
import { type KeyvStore, keyvTier } from '../../lib/tiered/keyv-tier.js';
import { secondTierContract } from './second-tier-contract.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const entry = (text: string, ttlMs = HOUR_MS) => ({ bytes: Buffer.from(text), ttlMs });

/** A store of the simplest kind that Keyv takes, which can fail. */
class BareStore {
  readonly entries = new Map<string, unknown>();
  readonly opts = {};
  isDown = false;

  #check(): void {
    if (this.isDown) throw new Error('down');
  }

  async get(key: string): Promise<unknown> {
    this.#check();
    return this.entries.get(key);
  }

  async set(key: string, value: unknown): Promise<void> {
    this.#check();
    this.entries.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    this.#check();
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    this.entries.clear();
  }
}

const KEYVS: Readonly<Record<string, (store: object, options?: object) => KeyvStore>> = {
  'Keyv 5': (store, options) => new Keyv5({ store, ...options }),
  'Keyv 6': (store, options) => new Keyv6({ store: store as never, ...options }),
};

afterEach(() => {
  vi.useRealTimers();
});

for (const [name, create] of Object.entries(KEYVS)) {
  describe(`${name} over a Map`, () => {
    const tier = keyvTier(create(new Map(), { namespace: 'n' }));
    secondTierContract({ tier: () => tier, maxValueBytes: 1_000_000 });
  });

  describe(`${name} over an engine`, () => {
    const tier = keyvTier(create(new KeyvHotset(new CacheEngine({ maxBytes: '64MB' }))));
    secondTierContract({ tier: () => tier, maxValueBytes: 1_000_000 });
  });

  describe(`${name} over a bare store`, () => {
    const tier = keyvTier(create(new BareStore()));
    secondTierContract({ tier: () => tier, maxValueBytes: 1_000_000 });
  });

  describe(`a tier over ${name}`, () => {
    it('finds keys that begin with the namespace of its Keyv', async () => {
      const tier = keyvTier(create(new Map(), { namespace: 'hotset' }));
      await tier.set(new Map([['hotset:a', entry('a')]]), signal);
      expect([...(await tier.get(['hotset:a'], signal)).keys()]).toEqual(['hotset:a']);
      await tier.delete(['hotset:a'], signal);
      expect((await tier.get(['hotset:a'], signal)).size).toBe(0);
    });

    it('knows the time left to the millisecond', async () => {
      vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
      const tier = keyvTier(create(new Map()));
      await tier.set(new Map([['a', entry('a', 100)]]), signal);
      vi.setSystemTime(1_000_099);
      expect((await tier.get(['a'], signal)).get('a')!.ttlMs).toBe(1);
      vi.setSystemTime(1_000_100);
      expect((await tier.get(['a'], signal)).size).toBe(0);
    });

    it('takes no other value under its keys for one of its own', async () => {
      const store = new Map();
      const keyv = create(store);
      const tier = keyvTier(keyv);
      for (const value of ['', ',', 'text', 'x,YQ==', '1,YQ=='])
        await keyv.setMany([{ key: '~a', value }]).then(async () => {
          expect((await tier.get(['a'], signal)).size, value).toBe(0);
        });
    });

    it('rejects when the store fails, and works again after that', async () => {
      const store = new BareStore();
      const tier = keyvTier(create(store));
      await tier.set(new Map([['a', entry('a')]]), signal);
      store.isDown = true;
      await expect(tier.set(new Map([['a', entry('b')]]), signal)).rejects.toThrow('down');
      await expect(tier.delete(['a'], signal)).rejects.toThrow('down');
      store.isDown = false;
      expect((await tier.get(['a'], signal)).size).toBe(1);
      await tier.delete(['a'], signal);
      expect((await tier.get(['a'], signal)).size).toBe(0);
    });

    it('rejects when the store refuses a value', async () => {
      const tier = keyvTier(create(new KeyvHotset(new CacheEngine({ maxBytes: 10_000 }))));
      await expect(
        tier.set(new Map([['a', { bytes: Buffer.alloc(100_000), ttlMs: HOUR_MS }]]), signal),
      ).rejects.toMatchObject({ code: 'HOTSET_NO_ROOM' });
    });
  });
}

it('rejects when a store that reads many keys fails', async () => {
  class ManyStore extends BareStore {
    async getMany(keys: string[]): Promise<unknown[]> {
      return Promise.all(keys.map((key) => this.get(key)));
    }
  }
  for (const create of Object.values(KEYVS)) {
    const store = new ManyStore();
    const tier = keyvTier(create(store));
    store.isDown = true;
    await expect(tier.get(['a'], signal)).rejects.toThrow('down');
  }
});

it('takes Keyvs, and only those whose failures it can see', () => {
  for (const other of [undefined, null, {}, new Map(), new BareStore()])
    expect(() => keyvTier(other as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
  expect(() => keyvTier(new Keyv5({ emitErrors: false }))).toThrow(
    expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
  );
  keyvTier(new Keyv5({ emitErrors: false, throwOnErrors: true }));
});
