import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCollector, GIVEN_UP } from '../../lib/memcached/byte-collector.js';

it('gives back what was appended, in order, and begins anew', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
      const collector = new ByteCollector();
      for (let round = 0; round < 2; round++) {
        for (const piece of pieces) collector.append(Buffer.from(piece), 0, piece.length);
        const { length } = collector;
        expect(collector.take().subarray(0, length)).toEqual(Buffer.concat(pieces));
        expect(collector.length).toBe(0);
      }
    }),
  );
});

it('takes at most twice what has arrived, beyond its first memory', () => {
  const collector = new ByteCollector();
  const piece = Buffer.alloc(100);
  for (let i = 0; i < 1000; i++) {
    collector.append(piece, 0, piece.length);
    expect(collector.bytes.length).toBeLessThanOrEqual(Math.max(200, collector.length * 2));
  }
});

it('copies a value of a megabyte that arrives in chunks little more than once', () => {
  const collector = new ByteCollector();
  const piece = Buffer.alloc(64 * 1024);
  const memories = new Map<Buffer, number>();
  for (let i = 0; i < 16; i++) {
    collector.append(piece, 0, piece.length, piece.length, 16 * piece.length);
    memories.set(collector.bytes, collector.bytes.length);
  }
  expect([...memories.values()]).toEqual([64 * 1024, 1024 * 1024]);
  // The first has been given back, without waiting for the collector of garbage.
  expect([...memories.keys()].map((memory) => memory.length)).toEqual([0, 1024 * 1024]);
});

it('never takes more than the announced length', () => {
  const collector = new ByteCollector();
  const piece = Buffer.alloc(40);
  for (let i = 0; i < 25; i++) {
    collector.append(piece, 0, piece.length, 512, 1000);
    expect(collector.bytes.length).toBeLessThanOrEqual(1000);
  }
  expect(collector.take()).toHaveLength(1000);
});

it('copies: the chunk may be used again', () => {
  const collector = new ByteCollector();
  const chunk = Buffer.from('abc');
  collector.append(chunk, 1, 3);
  chunk.fill(0);
  expect(collector.bytes.subarray(0, collector.length).toString()).toBe('bc');
});

it('gives up what has come and counts what still comes, or lets go of everything, both at once', () => {
  const collector = new ByteCollector();
  const piece = Buffer.alloc(64 * 1024);
  collector.append(piece, 0, piece.length);
  const first = collector.bytes;
  collector.giveUp();
  expect(first).toHaveLength(0);
  collector.append(piece, 0, 100);
  expect(collector.length).toBe(64 * 1024 + 100);
  expect(collector.isGivenUp).toBe(true);
  expect(collector.take()).toBe(GIVEN_UP);
  collector.append(piece, 0, piece.length);
  const second = collector.bytes;
  collector.clear();
  expect([second.length, collector.length]).toEqual([0, 0]);
  collector.append(piece, 0, 3);
  expect(collector.take().subarray(0, 3)).toEqual(Buffer.alloc(3));
  expect(GIVEN_UP).toHaveLength(0);
});
