/**
 * A long run of mixed operations over TCP, with a budget so small that it evicts all the time and a clock that
 * moves: the budget holds at every sample, every reply has its shape and order, and memory stays flat.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { randomFrom, serve } from './fixture.js';
import type { WireClient } from './wire-client.js';

const OPERATIONS = Number(process.env.HOTSET_SOAK_OPERATIONS ?? 1_000_000);
const CONNECTIONS = 4;
const BATCH = 500;
const MAX_BYTES = 4 * 1024 * 1024;
const KEYS = 20_000;
/** Memory may vary with the collector's mood; a leak of one small object for each operation is 16 MB and more. */
const GROWTH_MAX_BYTES = 6 * 1024 * 1024;

const STORE = /STORED\r\n|NOT_STORED\r\n|EXISTS\r\n|NOT_FOUND\r\n/y;
const DELETE = /DELETED\r\n|NOT_FOUND\r\n/y;
const TOUCH = /TOUCHED\r\n|NOT_FOUND\r\n/y;
const NUMBER = /\d+\r\n|NOT_FOUND\r\n/y;
const ITEM = /VALUE (\S+) (\d+) (\d+)( \d+)?\r\n/y;

type Expected = RegExp | 'items';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One connection's share: makes batches, and checks the shape of what comes back. */
class Worker {
  readonly #client: WireClient;
  readonly #random: () => number;
  /** The last version seen of a few keys, for cas. */
  readonly #versions = new Map<string, string>();

  constructor(client: WireClient, seed: number) {
    this.#client = client;
    this.#random = randomFrom(seed);
  }

  async batch(): Promise<void> {
    const commands: string[] = [];
    const expected: Expected[] = [];
    for (let i = 0; i < BATCH; i++) this.#operation(commands, expected);
    this.#client.send(`${commands.join('')}version\r\n`);
    this.#check(await this.#client.untilTail('VERSION 1.6.45\r\n'), expected);
  }

  #operation(commands: string[], expected: Expected[]): void {
    const random = this.#random;
    // Some keys are hot, most are not.
    const number = Math.floor(random() ** 2 * KEYS);
    const key = `key-${number}`;
    const letter = String.fromCharCode(97 + (number % 26));
    const length = random() < 0.02 ? 4000 + Math.floor(random() * 8000) : Math.floor(random() * 400);
    const data = `${length}\r\n${letter.repeat(length)}\r\n`;
    const exptime = random() < 0.5 ? 0 : 1 + Math.floor(random() * 30);
    const dice = random() * 100;
    if (dice < 40) {
      commands.push(`get ${key} key-${Math.floor(random() * KEYS)}\r\n`);
      expected.push('items');
    } else if (dice < 45) {
      commands.push(`gets ${key}\r\n`);
      expected.push('items');
    } else if (dice < 65) {
      commands.push(`set ${key} ${number} ${exptime} ${data}`);
      expected.push(STORE);
    } else if (dice < 72) {
      commands.push(`set ${key} ${number} ${exptime} ${data.replace('\r\n', ' noreply\r\n')}`);
    } else if (dice < 75) {
      commands.push(`add ${key} ${number} ${exptime} ${data}`);
      expected.push(STORE);
    } else if (dice < 78) {
      const [name = key, version = '1'] = this.#versions.entries().next().value ?? [];
      this.#versions.delete(name);
      const own = String.fromCharCode(97 + (Number(name.slice(4)) % 26));
      commands.push(
        `cas ${name} ${name.slice(4)} ${exptime} ${length} ${version}\r\n${own.repeat(length)}\r\n`,
      );
      expected.push(STORE);
    } else if (dice < 82) {
      commands.push(`${dice < 80 ? 'append' : 'prepend'} ${key} 0 0 ${data}`);
      expected.push(STORE);
    } else if (dice < 87) {
      commands.push(`delete ${key}\r\n`);
      expected.push(DELETE);
    } else if (dice < 91) {
      commands.push(`touch ${key} ${exptime}\r\n`);
      expected.push(TOUCH);
    } else if (dice < 93) {
      commands.push(`gat ${exptime} ${key}\r\n`);
      expected.push('items');
    } else if (dice < 95) {
      commands.push(`add n-${number % 50} 0 ${exptime} 1\r\n7\r\n`);
      expected.push(STORE);
    } else {
      commands.push(`${dice < 98 ? 'incr' : 'decr'} n-${number % 50} ${number}\r\n`);
      expected.push(NUMBER);
    }
  }

  #check(reply: string, expected: readonly Expected[]): void {
    let at = 0;
    for (const shape of expected) {
      if (shape === 'items') at = this.#checkItems(reply, at);
      else {
        shape.lastIndex = at;
        if (!shape.test(reply)) throw new Error(`expected ${shape.source}, got ${reply.slice(at, at + 80)}`);
        at = shape.lastIndex;
      }
    }
    if (reply.length - at !== 'VERSION 1.6.45\r\n'.length)
      throw new Error(`a reply too many: ${reply.slice(at, at + 80)}`);
  }

  #checkItems(reply: string, start: number): number {
    let at = start;
    for (;;) {
      ITEM.lastIndex = at;
      const match = ITEM.exec(reply);
      if (match === null) break;
      const [, key = '', flags, length, version] = match;
      const end = ITEM.lastIndex + Number(length);
      const letter = String.fromCharCode(97 + (Number(flags) % 26));
      const own = Number(length) === 0 || (reply[ITEM.lastIndex] === letter && reply[end - 1] === letter);
      if (`key-${flags}` !== key || !own || !reply.startsWith('\r\n', end))
        throw new Error(`a value that nobody has set: ${reply.slice(at, at + 80)}`);
      if (version !== undefined && this.#versions.size < 50) this.#versions.set(key, version.trim());
      at = end + 2;
    }
    if (!reply.startsWith('END\r\n', at)) throw new Error(`expected END, got ${reply.slice(at, at + 80)}`);
    return at + 'END\r\n'.length;
  }
}

it(`${OPERATIONS} operations keep the budget, the structure and the memory`, {
  timeout: 300_000,
}, async () => {
  const { clock, connect, engine, transport } = await serve({}, { maxBytes: MAX_BYTES });
  const workers: Worker[] = [];
  for (let seed = 0; seed < CONNECTIONS; seed++) workers.push(new Worker(await connect(), seed));
  const rounds = Math.ceil(OPERATIONS / (CONNECTIONS * BATCH));
  let heldAfterWarmUp = 0;
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    const running = workers.map((worker) => worker.batch());
    for (const batch of running) {
      await batch;
      most = Math.max(most, engine.bytes);
    }
    clock.advance(250);
    if (round % 4 === 0) transport.upkeep();
    if (round === Math.floor(rounds / 3)) heldAfterWarmUp = heldBytes();
  }
  expect(most).toBeLessThanOrEqual(MAX_BYTES);
  expect(most).toBeGreaterThan(MAX_BYTES * 0.9);
  expect(engine.verify()).toEqual([]);
  const stats = engine.stats();
  expect(stats.evictions).toBeGreaterThan(0);
  expect(stats.expirations).toBeGreaterThan(0);
  expect(stats.hits).toBeGreaterThan(0);
  const growth = heldBytes() - heldAfterWarmUp;
  console.log(
    `soak: ${stats.evictions} evictions, ${stats.expirations} expirations, ${growth} bytes of growth`,
  );
  expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
});
