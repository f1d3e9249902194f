/** --snapshot-every and --restore-max-age: what a start after a crash finds, and what is too old. */

import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryFile, type SavedItems } from '../../lib/cli/memory-file.js';
import { PageStore } from '../../lib/pages/page-store.js';
import { folder, start, talk } from './command.js';

function storeOf(...keys: string[]): PageStore {
  const store = new PageStore({ maxBytes: 1024 * 1024 });
  store.load(keys.map((key) => ({ key, value: Buffer.from('x') })));
  return store;
}

/** Keys that a new process would restore from the file. */
async function restored(
  path: string,
  maxAgeMs: number | null = null,
): Promise<{ keys: string[]; log: string[] }> {
  const file = await MemoryFile.take(path, () => {});
  const store = storeOf();
  const log: string[] = [];
  await file.restore(store, (message) => log.push(message), { maxAgeMs });
  await file.release();
  return { keys: Array.from(store.dump(), ({ key }) => key).sort(), log };
}

describe('hotset -e --snapshot-every', () => {
  it('starts with the last snapshot after a crash', async () => {
    const path = join(folder(), 'items');
    const flags = ['-e', path, '--snapshot-every', '1'];
    const first = start(flags);
    await talk(await first.port(), 'set a 0 0 1\r\nx\r\nquit\r\n');
    await expect.poll(() => existsSync(path), { timeout: 20_000 }).toBe(true);
    await first.kill();
    const second = start(flags);
    expect(await talk(await second.port(), 'get a\r\nset b 0 0 1\r\ny\r\nquit\r\n')).toBe(
      'VALUE a 0 1\r\nx\r\nEND\r\nSTORED\r\n',
    );
    // The file that was loaded stays until a new one takes its place.
    const { mtimeMs } = statSync(path);
    await expect.poll(() => statSync(path).mtimeMs, { timeout: 20_000 }).toBeGreaterThan(mtimeMs);
    await second.kill();
    expect((await restored(path)).keys).toEqual(['a', 'b']);
    expect(second.stderr).toBe('');
  });

  it('saves once more in an orderly end', async () => {
    const path = join(folder(), 'items');
    const command = start(['-e', path, '--snapshot-every', '1000']);
    await talk(await command.port(), 'set a 0 0 1\r\nx\r\nquit\r\n');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect((await restored(path)).keys).toEqual(['a']);
  });

  it('logs a failure, and tries again', async () => {
    const home = join(folder(), 'home');
    mkdirSync(home);
    const command = start(['-e', join(home, 'items'), '--snapshot-every', '1']);
    await command.greeting();
    rmSync(home, { recursive: true });
    await expect
      .poll(() => command.stderr, { timeout: 20_000 })
      .toMatch(
        /^\S+Z hotset: \S+items cannot be written: ENOENT.*\n\S+Z hotset: \S+items cannot be written: ENOENT/,
      );
    mkdirSync(home);
    await expect.poll(() => readdirSync(home), { timeout: 20_000 }).toContain('items');
  });
});

describe('periodic saves', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('are one at a time, and end with the last save', async () => {
    const path = join(folder(), 'items');
    const file = await MemoryFile.take(path, () => {});
    let saves = 0;
    let underWay = 0;
    const items = (): SavedItems => {
      saves++;
      expect(underWay++).toBe(0);
      const items = storeOf('a');
      const walk = items.walk.bind(items);
      items.walk = function* (order) {
        yield* walk(order);
        underWay--;
      };
      return { items, flushInMs: Number.POSITIVE_INFINITY };
    };
    file.saveEvery(1000, items, (message) => expect.fail(message));
    vi.advanceTimersByTime(999);
    expect(saves).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(saves).toBe(1);
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(1000);
    expect(saves).toBe(2);
    underWay = 0;
    await file.save(items);
    expect(saves).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
    expect(readdirSync(join(path, '..')).sort()).toEqual(['items', 'items.lock']);
    await file.release();
  });
});

it('many saves in a process leave nothing behind that grows', async () => {
  const path = join(folder(), 'items');
  const file = await MemoryFile.take(path, () => {});
  const warnings: Error[] = [];
  const take = (warning: Error): number => warnings.push(warning);
  process.on('warning', take);
  let saves = 0;
  const items = () => {
    saves++;
    return { items: storeOf('a'), flushInMs: Number.POSITIVE_INFINITY };
  };
  file.saveEvery(1, items, () => {});
  await expect.poll(() => saves, { timeout: 20_000 }).toBeGreaterThan(15);
  await file.save(items);
  await file.release();
  process.off('warning', take);
  expect(warnings).toEqual([]);
});

describe('--restore-max-age', () => {
  afterEach(() => vi.useRealTimers());

  it('leaves out a file that is older, or of the future, and says so', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
    const path = join(folder(), 'items');
    const file = await MemoryFile.take(path, () => {});
    await file.save(() => ({ items: storeOf('a'), flushInMs: Number.POSITIVE_INFINITY }));
    await file.release();
    vi.setSystemTime(Date.UTC(2026, 0, 1, 0, 0, 10));
    expect(await restored(path, 10_000)).toEqual({ keys: ['a'], log: [] });
    const tooOld = {
      keys: [],
      log: [`${path} is 10 seconds old, more than --restore-max-age, and the server starts empty`],
    };
    expect(await restored(path, 9999)).toEqual(tooOld);
    expect((await restored(path)).keys).toEqual(['a']);
    vi.setSystemTime(Date.UTC(2025, 11, 31, 23, 59, 50));
    expect(await restored(path, 9999)).toEqual(tooOld);
  });

  it('is obeyed by the command, which goes on with higher cas ids', async () => {
    const path = join(folder(), 'items');
    const flags = ['-e', path, '--restore-max-age', '0'];
    const first = start(flags);
    const before = await talk(await first.port(), 'set a 0 0 1\r\nx\r\ngets a\r\nquit\r\n');
    first.signal('SIGTERM');
    await first.ended;
    await expect.poll(() => Date.now()).toBeGreaterThan(statSync(path).mtimeMs);
    const second = start(flags);
    const after = await talk(await second.port(), 'get a\r\nset a 0 0 1\r\ny\r\ngets a\r\nquit\r\n');
    expect(after).toMatch(/^END\r\nSTORED\r\n/);
    const casOf = (reply: string): number => Number(/VALUE a 0 1 (\d+)/.exec(reply)![1]);
    expect(casOf(after)).toBeGreaterThan(casOf(before));
    expect(second.stderr).toMatch(/^\S+Z hotset: \S+items is \d+ seconds old, .* starts empty\n$/);
    expect(existsSync(path)).toBe(false);
  });
});
