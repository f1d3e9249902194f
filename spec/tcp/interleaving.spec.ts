/**
 * Many connections share one server and its one reply buffer: quick and slow readers, requests cut anywhere.
 * Each gets its own replies, in order, to the byte.
 */

import { expect, it } from 'vitest';
import { everyByte, randomFrom, serve } from './fixture.js';
import type { WireClient } from './wire-client.js';

const SIZES = [0, 1, 5, 30, 100, 1000, 4095, 4096, 4097, 20_000, 65_536, 150_000];

interface Script {
  readonly sent: Buffer;
  readonly expected: Buffer;
}

/** Commands on keys that no other client uses, and what they must be answered. */
function script(client: number, replyBytes: number, random: () => number): Script {
  const sent: Buffer[] = [];
  const expected: Buffer[] = [];
  const held = new Map<string, { flags: number; value: Buffer }>();
  let length = 0;
  const answer = (bytes: Buffer): void => {
    expected.push(bytes);
    length += bytes.length;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const key = (): string => `client-${client}-${Math.floor(random() * 12)}`;
  let seed = client;
  while (length < replyBytes) {
    if (random() < 0.4) {
      const name = key();
      const value = everyByte(pick(SIZES), seed++);
      const flags = Math.floor(random() * 3) * 1000;
      const quiet = random() < 0.3;
      sent.push(Buffer.from(`set ${name} ${flags} 0 ${value.length}${quiet ? ' noreply' : ''}\r\n`), value);
      sent.push(Buffer.from('\r\n'));
      held.set(name, { flags, value });
      if (!quiet) answer(Buffer.from('STORED\r\n'));
    } else {
      const names = Array.from({ length: 1 + Math.floor(random() ** 3 * 10) }, key);
      sent.push(Buffer.from(`get ${names.join(' ')}\r\n`));
      for (const name of names) {
        const item = held.get(name);
        if (item === undefined) continue;
        answer(Buffer.from(`VALUE ${name} ${item.flags} ${item.value.length}\r\n`));
        answer(item.value);
        answer(Buffer.from('\r\n'));
      }
      answer(Buffer.from('END\r\n'));
    }
  }
  return { sent: Buffer.concat(sent), expected: Buffer.concat(expected) };
}

async function sendInPieces(client: WireClient, bytes: Buffer, random: () => number): Promise<void> {
  client.socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; ) {
    const piece = random() < 0.5 ? 1 + Math.floor(random() * 40) : 1 + Math.floor(random() * 100_000);
    client.send(bytes.subarray(at, at + piece));
    at += piece;
    if (random() < 0.5) await new Promise(setImmediate);
  }
}

/** The place of the first wrong byte, -1 for none: a difference of megabytes is no use in a report. */
function firstDifference(actual: Buffer, expected: Buffer): number {
  if (actual.equals(expected)) return -1;
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) return i;
  return actual.length;
}

it.each([1, 2, 3])('every byte is right, whoever reads slowly (seed %i)', async (seed) => {
  const random = randomFrom(seed);
  const { connect, engine } = await serve({}, { maxBytes: 512 * 1024 * 1024 });
  const clients = await Promise.all(
    Array.from({ length: 10 }, async (_, number) => {
      // The replies of a slow one are more than the kernel holds for it.
      const slow = number % 3 === 0;
      const client = await connect();
      if (slow) client.socket.pause();
      return { client, slow, ...script(number, slow ? 16_000_000 : 2_000_000, random) };
    }),
  );
  const sending = clients.map(({ client, sent }) => sendInPieces(client, sent, random));
  const reading = clients.map(async ({ client, slow, expected }) => {
    if (slow) {
      const fast = clients.filter((other) => !other.slow);
      // Reads a little, then waits, as long as the quick ones are at work.
      while (fast.some((other) => other.client.received < other.expected.length) && !client.ended) {
        client.socket.resume();
        await new Promise(setImmediate);
        client.socket.pause();
        for (let i = 0; i < 50; i++) await new Promise(setImmediate);
      }
      client.socket.resume();
    }
    return firstDifference(await client.bytes(expected.length), expected);
  });
  expect(await Promise.all(reading)).toEqual(clients.map(() => -1));
  await Promise.all(sending);
  for (const { client } of clients) expect(await client.ask('version\r\n')).toMatch(/^VERSION \S+\r\n$/);
  expect(engine.verify()).toEqual([]);
});
