/**
 * A cache in tests with fake timers, in Jest and in Vitest alike: time passes when the test says so. Nothing sleeps.
 *
 *   npx jest cache.test.js
 *   npx vitest run cache.test.js --globals
 */

const { CacheEngine, ManualClock } = require('hotset');
const { LoadingCache } = require('hotset/loading');

const timers = typeof vi === 'undefined' ? jest : vi;

describe('with fake timers', () => {
  beforeEach(() => timers.useFakeTimers());
  afterEach(() => timers.useRealTimers());

  test('an entry expires', () => {
    const cache = new CacheEngine({ ttlMs: 1000 });
    cache.set('key', 'value');
    timers.advanceTimersByTime(999);
    expect(cache.get('key')).toBe('value');
    timers.advanceTimersByTime(1);
    expect(cache.get('key')).toBeUndefined();
  });

  test('a value is loaded once, and again when it is old', async () => {
    const load = timers.fn(async (id) => ({ id }));
    const users = new LoadingCache(new CacheEngine(), { load, ttlMs: 1000 });
    await Promise.all([users.get(7), users.get(7)]);
    expect(load).toHaveBeenCalledTimes(1);
    timers.advanceTimersByTime(1000);
    await users.get(7);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

test('a clock of its own needs no fake timers', () => {
  const clock = new ManualClock();
  const cache = new CacheEngine({ ttlMs: 1000, clock });
  cache.set('key', 'value');
  clock.advance(1000);
  expect(cache.has('key')).toBe(false);
});
