/** verify finds damage in each part of an engine, and between the parts. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Budget } from '../../lib/engine/budget.js';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { Columns, NEWER, NEXT, OLDER } from '../../lib/engine/columns.js';
import type { EntryStore } from '../../lib/engine/entry-store.js';
import { Expiry } from '../../lib/engine/expiry.js';
import { KeyIndex } from '../../lib/engine/key-index.js';
import { LruList } from '../../lib/engine/lru-list.js';
import { SharedBuffers } from '../../lib/engine/shared-buffers.js';
import { Tags } from '../../lib/engine/tags.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';

interface Parts {
  readonly engine: CacheEngine<unknown, unknown>;
  readonly store: EntryStore<unknown, unknown>;
  readonly clock: ManualClock;
  readonly columns: Columns;
  readonly index: KeyIndex;
  readonly list: LruList;
  readonly expiry: Expiry;
  readonly budget: Budget;
  readonly shared: SharedBuffers;
  readonly tags: Tags;
  slot(key: unknown): number;
}

const OBJECT_KEY = {};
const KEYS = ['a', 'b', 'c', 7, OBJECT_KEY, 'slice'];

afterEach(() => {
  vi.restoreAllMocks();
});

/** An engine that has every column, a free slot, entries that can expire and a shared buffer; and what it is made of. */
function soundParts(): Parts {
  const seen = {
    columns: vi.spyOn(Columns.prototype, 'take'),
    index: vi.spyOn(KeyIndex.prototype, 'insert'),
    list: vi.spyOn(LruList.prototype, 'link'),
    expiry: vi.spyOn(Expiry.prototype, 'set'),
    budget: vi.spyOn(Budget.prototype, 'exceededBy'),
    shared: vi.spyOn(SharedBuffers.prototype, 'hold'),
    tags: vi.spyOn(Tags.prototype, 'hold'),
  };
  const clock = new ManualClock(100);
  const engine = new CacheEngine<unknown, unknown>({
    clock,
    trackAccess: true,
    ttlFrom: 'read',
    maxEntries: 50,
    maxBytes: '64MiB',
  });
  const store = storeOf(engine);
  store.beginVersions();
  for (const key of ['a', 'free', 'b']) engine.set(key, 'value', { flags: 1 });
  engine.set('c', 'value', { ttlMs: 50, tags: ['t', 'u'] });
  engine.set(7, 'value', { ttlMs: 10, tags: ['t'] });
  engine.set(OBJECT_KEY, 'value');
  engine.set('slice', new Uint8Array(new ArrayBuffer(100), 10, 10));
  engine.delete('free');
  return {
    engine,
    store,
    clock,
    columns: seen.columns.mock.contexts[0] as Columns,
    index: seen.index.mock.contexts[0] as KeyIndex,
    list: seen.list.mock.contexts[0] as LruList,
    expiry: seen.expiry.mock.contexts[0] as Expiry,
    budget: seen.budget.mock.contexts[0] as Budget,
    shared: seen.shared.mock.contexts[0] as SharedBuffers,
    tags: seen.tags.mock.contexts[0] as Tags,
    slot: (key) => store.peekSlot(key),
  };
}

const damages: [found: string, message: RegExp, damage: (parts: Parts) => void][] = [
  [
    'a wrong sum of bytes',
    /entries sum to \d+ bytes, the engine counts/,
    ({ budget }) => budget.contentBytes++,
  ],
  ['a wrong weight', /entries sum to/, ({ columns, slot }) => columns.setWeight(slot('b'), 1)],
  ['NaN bytes', /counts NaN/, ({ budget }) => (budget.contentBytes = Number.NaN)],
  ['an exceeded budget', /6 entries of \d+ bytes exceed the limits/, ({ budget }) => (budget.maxBytes = 39)],
  ['too many entries', /6 entries of \d+ bytes exceed the limits/, ({ budget }) => (budget.maxEntries = 3)],
  ['a wrong number of entries', /the order of use has 6 entries, the engine 7/, ({ store }) => store.size++],
  [
    'an entry that is not in the order of use',
    /the order of use has 5 entries, the engine 6/,
    ({ list, slot }) => list.unlink(slot('b')),
  ],
  [
    'a free slot in the order of use',
    /slot \d+ is linked but free/,
    ({ columns, slot }) => columns.release(slot('b')),
  ],
  [
    'links that disagree',
    /the links around slot \d+ disagree/,
    ({ columns, slot }) => (columns.links[slot('b') * 4 + OLDER] = slot('slice')),
  ],
  [
    'an order of use that goes round',
    /the order of use has more than 6 entries/,
    ({ columns, list }) => (columns.links[list.newest * 4 + NEWER] = list.oldest),
  ],
  [
    'a newest entry that is not the last',
    /the newest entry is not the last/,
    ({ columns, list }) => (columns.links[OLDER] = list.oldest),
  ],
  [
    'a key that the index does not know',
    /slot \d+ is not found under its key/,
    ({ columns, slot }) => columns.put(slot('a'), 'another', 1),
  ],
  [
    'an object that the index does not know',
    /slot \d+ is not found under its key/,
    ({ columns, slot }) => columns.put(slot(OBJECT_KEY), {}, 1),
  ],
  [
    'an entry that is not in the index',
    /the index holds 5 keys, the engine 6 entries/,
    ({ index, slot }) => index.remove(slot('a')),
  ],
  [
    'a key that is in the index alone',
    /the index holds 7 keys, the engine 6 entries/,
    ({ index }) => index.insert(Symbol('more'), 0, 3, () => true),
  ],
  [
    'two entries with one version',
    /slot \d+ has the version of another/,
    ({ columns, slot }) => columns.setVersion(slot('a'), columns.versionAt(slot('b'))),
  ],
  [
    'a due time that nobody waits for',
    /slot \d+ is due before the next due time/,
    ({ columns, slot }) => (columns.dues![slot('b')] = 1),
  ],
  [
    'a due time that the pass has not seen',
    /slot \d+ is due before what the pass has seen/,
    ({ engine, clock, columns, slot }) => {
      const a = slot('a');
      clock.advance(10);
      engine.sweepExpired();
      clock.advance(40);
      engine.sweepExpired(3);
      columns.dues![a] = 160;
    },
  ],
  [
    'a free slot that keeps a value alive',
    /free slot 2 still holds a key or a value/,
    ({ columns }) => columns.setValue(2, {}),
  ],
  [
    'a free slot that can expire',
    /free slot 2 still has a due time/,
    ({ columns }) => (columns.dues![2] = 500),
  ],
  [
    'a list of free slots that goes round',
    /the list of free slots goes round/,
    ({ columns }) => (columns.links[2 * 4 + NEXT] = 2),
  ],
  ['a slot that is lost', /of 8 slots 6 hold an entry and 1 are free/, ({ columns }) => columns.nextFresh++],
  [
    'a wrong sum of shared buffers',
    /shared buffers count \d+ bytes and have/,
    ({ shared }) => shared.bytes++,
  ],
  [
    'shared buffers that the budget does not count',
    /shared buffers take \d+ bytes, the engine counts 0/,
    ({ budget }) => (budget.sharedBytes = 0),
  ],
  [
    'tags of an entry that has gone',
    /slot \d+ is free and has the tag t\n.*the engine counts/s,
    ({ tags, columns }) => tags.hold(columns.nextSlot, ['t']),
  ],
  [
    'tags that an entry has no more',
    /tags count \d+ bytes and have|slot \d+ lacks its tag|tags \d+ entries/,
    ({ tags, slot }) => (tags.textsAt = (at) => (at === slot('c') ? ['t'] : at === slot(7) ? ['t'] : null)),
  ],
];

describe('verify', () => {
  it('finds nothing wrong with a sound engine', () => {
    const { engine, index, columns } = soundParts();
    expect(engine.verify()).toEqual([]);
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(KEYS);
    expect(index.bytes).toBeGreaterThan(0);
    for (const name of ['weights', 'dues', 'flags', 'versions', 'times', 'ttls', 'bits'] as const)
      expect(columns[name], name).not.toBeNull();
  });

  it.each(damages)('finds %s', (_, message, damage) => {
    const parts = soundParts();
    damage(parts);
    expect(parts.engine.verify().join('\n')).toMatch(message);
  });

  it('finds what larger columns, which are to take over, do not repeat', () => {
    const { engine, columns } = soundParts();
    engine.resize({ maxEntries: 1e6, maxBytes: 1e9 });
    for (let key = 0; columns.ahead === null || columns.ahead.copied === 0; key++)
      engine.set(`more ${key}`, 1);
    expect(engine.verify()).toEqual([]);
    columns.ahead.links[20]!++;
    columns.ahead.bits![7]!++;
    expect(engine.verify()).toEqual(['the links to come differ at 20', 'the bits to come differ at 7']);
  });
});

describe('the verification of shared buffers', () => {
  const buffer = new ArrayBuffer(100);

  it('finds a buffer with a wrong number of holders, and one that is not known', () => {
    const shared = new SharedBuffers();
    const buffers = [buffer];
    shared.hold(1, buffers);
    shared.hold(2, buffers);
    expect(shared.verify()).toEqual([]);
    buffers.push(new ArrayBuffer(5));
    expect(shared.verify().join('\n')).toMatch(/2 buffers are held, and 1 are known/);
    buffers.length = 0;
    expect(shared.verify().join('\n')).toMatch(/a buffer counts 2 holders and has 0/);
  });
});
