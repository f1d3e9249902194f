/** What a memory limit needs, and the warning where that is not there. */

import { describe, expect, it } from 'vitest';
import {
  type MemoryLimits,
  memoryLimits,
  memoryWarning,
  residentBytesFor,
} from '../../lib/cli/memory-need.js';
import { start, talk } from './command.js';

const MIB = 1024 * 1024;
/** What a limit takes on this version of Node, as the warning writes it. */
const taken = (mebibytes: number, more = 0): number =>
  Math.ceil(residentBytesFor(mebibytes * MIB) / MIB + more);
const PLENTY: MemoryLimits = {
  machineBytes: 2 ** 40,
  containerBytes: Number.POSITIVE_INFINITY,
  addressBytes: Number.POSITIVE_INFINITY,
  usedAddressBytes: 0,
};

describe('what a process takes', () => {
  it.runIf(Number.parseInt(process.versions.node, 10) < 22)(
    'is 1.05 times the limit and 110 MB on Node 20',
    () => {
      expect(residentBytesFor(1000)).toBe(1050 + 110_000_000);
    },
  );
});

describe('memoryWarning', () => {
  it.each<[string, number, Partial<MemoryLimits>, string]>([
    [
      'the machine',
      1024,
      { machineBytes: 1024 * MIB },
      `takes up to ${taken(1024)} MiB, and this machine has 1024 MiB`,
    ],
    [
      'the container',
      700,
      { containerBytes: 800 * MIB },
      `takes up to ${taken(700)} MiB, and this container has 800 MiB`,
    ],
    [
      'addresses',
      64,
      { addressBytes: 1148 * MIB, usedAddressBytes: 1000 * MIB },
      `takes up to ${taken(64, 1000)} MiB of addresses, and this process may have 1148 MiB (ulimit -v)`,
    ],
  ])('says where it does not fit: %s', (_what, mebibytes, limits, text) => {
    const warning = memoryWarning(mebibytes * MIB, { ...PLENTY, ...limits });
    expect(warning).toContain(`a memory limit of ${mebibytes} MiB ${text}: `);
  });

  it('says nothing where it just fits', () => {
    const needed = residentBytesFor(64 * MIB);
    expect(memoryWarning(64 * MIB, { ...PLENTY, machineBytes: needed })).toBeNull();
    expect(memoryWarning(64 * MIB, { ...PLENTY, containerBytes: needed })).toBeNull();
    const addresses = { addressBytes: needed + MIB, usedAddressBytes: MIB };
    expect(memoryWarning(64 * MIB, { ...PLENTY, ...addresses })).toBeNull();
  });

  it('knows the limits of this process', () => {
    const { machineBytes, containerBytes, addressBytes, usedAddressBytes } = memoryLimits();
    expect(machineBytes).toBeGreaterThan(64 * MIB);
    expect(containerBytes).toBeGreaterThan(64 * MIB);
    expect(addressBytes).toBeGreaterThan(usedAddressBytes);
  });
});

it('a limit above the machine’s memory is warned of once, and started, as with memcached', async () => {
  const command = start(['-m', String(2 ** 31)]);
  expect(await talk(await command.port(), 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n')).toBe(
    'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  );
  expect(command.stderr).toMatch(
    /^\S+ hotset: a memory limit of 2147483648 MiB takes up to \d+ MiB, and this (machine|container) has \d+ MiB: .*\n$/,
  );
});
