/** Options and arguments that make no sense are refused before anything is touched. */

import { describe, expect, it } from 'vitest';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';
import { makeEngine, makePlace, rejectionOf } from './fixture.js';

const shared: [unknown, string][] = [
  [null, 'options takes an object; got null'],
  [{ codec: {} }, 'codec takes an object with encode() and decode() methods; got an object'],
  [{ codec: { encode: () => 1 } }, 'codec takes an object with encode() and decode() methods; got an object'],
  [{ codec: null }, 'codec takes an object with encode() and decode() methods; got null'],
  [{ signal: 1 }, 'signal takes an AbortSignal; got 1'],
  [{ maxEntryBytes: 0 }, 'maxEntryBytes takes a whole number from 1 to 2147483648; got 0'],
  [{ maxEntryBytes: 1.5 }, 'maxEntryBytes takes a whole number from 1 to 2147483648; got 1.5'],
  [{ maxEntryBytes: '1' }, 'maxEntryBytes takes a whole number from 1 to 2147483648; got "1"'],
  [{ maxEntryBytes: 2 ** 31 + 1 }, 'maxEntryBytes takes a whole number from 1 to 2147483648; got 2147483649'],
  [{ clock: {} }, 'clock takes an object with a now() method; got an object'],
];

describe('saveSnapshot', () => {
  it.each([
    ...shared,
    [{ mode: '600' }, 'mode takes permissions from 0 to 0o777; got "600"'],
    [{ mode: 0o1000 }, 'mode takes permissions from 0 to 0o777; got 512'],
    [{ unsavable: true }, "unsavable takes 'refuse' or 'skip'; got true"],
    [{ clock: { now: () => Number.NaN } }, 'clock takes a clock with a finite time; got NaN'],
    [
      { codecs: 1 },
      'there is no option "codecs"; options are codec, signal, maxEntryBytes, clock, mode, unsavable',
    ],
  ])('refuses %j', async (options, message) => {
    const { path, files } = makePlace();
    const error = await rejectionOf(saveSnapshot(makeEngine(), path, options as never));
    expect(error).toMatchObject({ code: 'HOTSET_INVALID_OPTION', message });
    expect(files()).toEqual([]);
  });

  it.each([[undefined], [null], [{}], [new Map()]])('refuses %s as an engine', async (engine) => {
    const error = await rejectionOf(saveSnapshot(engine as never, makePlace().path));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(error.message).toMatch(/^engine takes an engine: an object with a dump\(\) method; got /);
  });

  it.each([[undefined], [''], [7]])('refuses %s as a path', async (path) => {
    const error = await rejectionOf(saveSnapshot(makeEngine(), path as never));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
  });
});

describe('loadSnapshot', () => {
  it.each([
    ...shared,
    [{ mode: 0o600 }, 'there is no option "mode"; options are codec, signal, maxEntryBytes, clock'],
  ])('refuses %j', async (options, message) => {
    const error = await rejectionOf(loadSnapshot(makeEngine(), makePlace().path, options as never));
    expect(error).toMatchObject({ code: 'HOTSET_INVALID_OPTION', message });
  });

  it('refuses what is no engine', async () => {
    const error = await rejectionOf(loadSnapshot({} as never, makePlace().path));
    expect(error.message).toBe('engine takes an engine: an object with a load() method; got an object');
  });
});
