/** Large data is read to where it will stay: the same items and replies as when it is fed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPCODE, request } from '../conformance/binary-packet.js';
import { STORE_NAMES } from '../support/stores.js';
import { ScriptedSession } from './scripted-session.js';

function bytes(length: number, seed: number): Buffer {
  const all = Buffer.alloc(length);
  for (let i = 0; i < length; i++) all[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff;
  return all;
}

const noExtras = '\0'.repeat(8);

describe.each(STORE_NAMES)('places of %s', (store) => {
  it('take the data of text and binary commands, however it arrives', () => {
    const command = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      verb: fc.constantFrom('set', 'add', 'append', 'prepend', 'binary'),
      length: fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 9000, max: 250_000 })),
      ends: fc.constantFrom('\r\n', '\r\n', '\r\n', 'xx'),
    });
    const cases = fc.tuple(
      fc.boolean(),
      fc.array(command, { maxLength: 12 }),
      fc.integer({ min: 1, max: 40_000 }),
    );
    fc.assert(
      fc.property(cases, ([isBinary, commands, chunkMaxBytes]) => {
        const input = Buffer.concat(
          commands.flatMap(({ key, verb, length, ends }, i) => {
            const value = bytes(length, i);
            if (isBinary) {
              const packet = request(OPCODE.set, { key, extras: noExtras, value: value.toString('latin1') });
              return [Buffer.from(packet, 'latin1'), Buffer.from(request(OPCODE.get, { key }), 'latin1')];
            }
            const name = verb === 'binary' ? 'set' : verb;
            return [
              Buffer.from(`${name} ${key} 0 0 ${length}\r\n`),
              value,
              Buffer.from(`${ends}get ${key}\r\n`, 'latin1'),
            ];
          }),
        );
        const fed = new ScriptedSession({}, 10_000_000, {}, store);
        const placed = new ScriptedSession({}, 10_000_000, {}, store);
        for (let at = 0; at < input.length; at += chunkMaxBytes)
          fed.feed(input.subarray(at, at + chunkMaxBytes));
        placed.read(input, chunkMaxBytes);
        expect(placed.replies() === fed.replies()).toBe(true);
        expect(placed.session.idle).toBe(fed.session.idle);
        expect(placed.entries.verify()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('are used for most of a large value', () => {
    const client = new ScriptedSession({}, 10_000_000, {}, store);
    const value = bytes(1_000_000, 1);
    const line = Buffer.from('set k 0 0 1000000\r\n');
    client.read(Buffer.concat([line, value, Buffer.from('\r\n')]), 16_384);
    expect(client.replies()).toBe('STORED\r\n');
    expect(client.placedBytes).toBeGreaterThan(980_000);
    const reply = Buffer.from(client.ask('get k\r\n'), 'latin1');
    expect(reply.subarray('VALUE k 0 1000000\r\n'.length).subarray(0, 1_000_000).equals(value)).toBe(true);
  });

  it('are left before their memory is given back', () => {
    const lefts: number[] = [];
    const held: { value: Buffer | null } = { value: null };
    const client = new ScriptedSession(
      { maxItemBytes: 1024 * 1024, maxUnfinishedBytes: 1024 * 1024 },
      10_000_000,
      { leavePlace: () => lefts.push(held.value!.length) },
      store,
    );
    client.feed(`set k 0 0 500000\r\n${'x'.repeat(200_000)}`);
    held.value = client.session.place;
    expect(held.value).not.toBeNull();
    const { unfinished } = client.items;
    unfinished.hold({ giveUp() {} }, 900_000);
    expect(lefts).toHaveLength(1);
    expect(lefts[0]).toBeGreaterThan(0);
    expect(client.session.place).toBeNull();
    client.feed(bytes(300_000, 0));
    expect(client.ask('\r\nmn\r\n')).toBe('SERVER_ERROR out of memory storing object\r\nMN\r\n');
    expect(client.entries.verify()).toEqual([]);
  });
});

it('what a blocked session holds of a value comes before what is read next', () => {
  const client = new ScriptedSession({ requestsPerTurn: 1 });
  const { session, out } = client;
  expect(session.feed(Buffer.from(`set k 0 0 20000\r\n${'a'.repeat(5000)}`))).toBe('blocked');
  expect(session.place).toBeNull();
  expect(session.resume()).toBe('ready');
  const place = session.place!;
  place.fill('b', 0, 15_000);
  session.advance(15_000);
  session.feed(Buffer.from('\r\n'));
  expect(Buffer.concat(out.take()).toString()).toBe('STORED\r\n');
  out.release();
  while (session.resume() === 'blocked');
  expect(client.ask('get k\r\n')).toBe(
    `VALUE k 0 20000\r\n${'a'.repeat(5000)}${'b'.repeat(15_000)}\r\nEND\r\n`,
  );
});
