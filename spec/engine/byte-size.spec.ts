/** Bytes as people write them. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOption } from '../../lib/engine/byte-size.js';
import { thrownBy } from './fixture.js';

const memory = vi.hoisted(() => ({ bytes: 0 }));
vi.mock('../../lib/engine/process-memory.js', () => ({ processMemoryBytes: () => memory.bytes }));

const parse = (value: unknown): number => bytesOption('maxBytes', value as string, 7);

beforeEach(() => {
  memory.bytes = 1_000_000;
});

describe('a size', () => {
  it.each<[number | string | undefined, number]>([
    [undefined, 7],
    [1, 1],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [Infinity, Infinity],
    ['1b', 1],
    ['64B', 64],
    ['1kb', 1000],
    ['500kB', 500_000],
    ['1KB', 1000],
    ['1mb', 1e6],
    ['1GB', 1e9],
    ['1tB', 1e12],
    ['1kib', 1024],
    ['1KiB', 1024],
    ['64MiB', 64 * 2 ** 20],
    ['64mib', 64 * 2 ** 20],
    ['64MIB', 64 * 2 ** 20],
    ['2GiB', 2 ** 31],
    ['1TiB', 2 ** 40],
    ['64 MiB', 64 * 2 ** 20],
    ['1.5 GB', 1.5e9],
    ['0.5KiB', 512],
    ['1.9b', 1],
    ['0.0015kb', 1],
    ['007kB', 7000],
    ['25%', 250_000],
    ['100%', 1_000_000],
    ['0.5 %', 5000],
    ['33.3333%', 333_333],
  ])('%j is %d bytes', (value, bytes) => {
    expect(parse(value)).toBe(bytes);
  });

  it.each(
    [
      ...[
        '',
        ' ',
        '64',
        '-1MiB',
        '+1MiB',
        '1e3MB',
        '101%',
        '100.1%',
        '0%',
        '-5%',
        '%',
        'NaN',
        'Infinity',
        '∞',
      ],
      ...[
        '٣MiB',
        '１MiB',
        'MiB',
        '1 M',
        '1M',
        '1m',
        '1k',
        '1ib',
        '1eb',
        '1PiB',
        '1bit',
        '1 byte',
        '1,5GB',
        '1.GB',
      ],
      ...['.5GB', '1..5GB', '1_000b', '1 000b', '0x10b', '64  MiB', '64\tMiB', ' 64MiB', '64MiB ', '64MiB\n'],
      ...['64MiB/s', '1KiB1KiB', '64\u212AB', '0b', '0.9b', '0MiB', '99999999TiB', `${'9'.repeat(100)}b`],
      ...[0, -1, 1.5, 2 ** 53, Number.NaN, -Infinity, null, true, 100n, {}, [], ['64MiB'], () => 1],
      Symbol('64MiB'),
    ].map((value) => ({ value })),
  )('$value is none', ({ value }) => {
    const error = thrownBy(() => parse(value));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message).toMatch(/^maxBytes takes a whole number of bytes from 1, Infinity, a size such as/);
  });

  // Awaits a fix: as a number this text is Infinity, which is a limit that switches weighing off.
  it('with more digits than a number has is none', () => {
    expect(thrownBy(() => parse(`${'9'.repeat(400)}b`)).code).toBe('HOTSET_INVALID_OPTION');
  });

  it('that is a share needs the memory’s size; others do not read it', () => {
    memory.bytes = 10;
    expect(thrownBy(() => parse('1%')).code).toBe('HOTSET_INVALID_OPTION');
    expect(parse('1KiB')).toBe(1024);
  });

  it('takes no time to refuse, however long it is', () => {
    expect(() => parse(`${'1'.repeat(1e6)}.${'1'.repeat(1e6)}x`)).toThrow('maxBytes takes');
    expect(thrownBy(() => parse('x'.repeat(1e6))).message.length).toBeLessThan(300);
  });
});
