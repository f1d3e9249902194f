/**
 * A thousand clients at once, and all the time some of them are cut in the middle of whatever they do. Values say
 * whose they are and carry a checksum, so a reply that is lost, late or somebody else's shows.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { randomFrom, serve } from './fixture.js';
import { eventually, type WireClient } from './wire-client.js';

const CLIENTS = 1000;
const ROUNDS = Number(process.env.HOTSET_STORM_ROUNDS ?? 16);
const BATCH = 20;
/** Of a client's batches. */
const CUT_SHARE = 0.15;
const MAX_BYTES = 2 * 1024 * 1024;
const DOCUMENTS = 2000;
const LOGS = 50;
const COUNTERS = 50;
/** Less than what one small object for each cut connection and each request would come to. */
const GROWTH_MAX_BYTES = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Where the replies to one command end, from `at` on; throws when they are wrong. */
type Check = (reply: string, at: number) => number;

interface Command {
  readonly bytes: string;
  readonly check: Check;
}

function oneOf(...lines: readonly string[]): Check {
  return (reply, at) => {
    const line = lines.find((candidate) => reply.startsWith(`${candidate}\r\n`, at));
    if (line === undefined) throw new Error(`expected ${lines.join(' or ')}, got ${shown(reply, at)}`);
    return at + line.length + 2;
  };
}

function number(reply: string, at: number): number {
  const match = /^(\d+|NOT_FOUND)\r\n/.exec(reply.slice(at, at + 30));
  if (match === null) throw new Error(`expected a number, got ${shown(reply, at)}`);
  return at + match[0].length;
}

/** The items of a get: each must be what its key says. */
function items(keys: readonly string[], take: (key: string, value: string, version: string) => void): Check {
  return (reply, start) => {
    const wanted = new Set(keys);
    let at = start;
    while (reply.startsWith('VALUE ', at)) {
      const lineEnd = reply.indexOf('\r\n', at);
      const [, key = '', , length, version = ''] = reply.slice(at, lineEnd).split(' ');
      const value = reply.slice(lineEnd + 2, lineEnd + 2 + Number(length));
      at = lineEnd + 2 + Number(length);
      if (!wanted.has(key) || !isOf(key, value) || !reply.startsWith('\r\n', at))
        throw new Error(`not what ${key} can hold: ${shown(reply, lineEnd - 60)}`);
      at += 2;
      take(key, value, version);
    }
    return oneOf('END')(reply, at);
  };
}

function shown(reply: string, at: number): string {
  return JSON.stringify(reply.slice(Math.max(0, at), at + 120));
}

/** A document names its key, and ends with a checksum over all before. */
function documentOf(key: string, length: number, letter: string): string {
  const text = `${key}:${letter.repeat(length)}:`;
  return text + crc32(text).toString(16).padStart(8, '0');
}

function isOf(key: string, value: string): boolean {
  if (key.startsWith('log')) return value === `${key};`.repeat(value.length / (key.length + 1));
  if (key.startsWith('number')) return /^\d+ *$/.test(value);
  return (
    value.startsWith(`${key}:`) && crc32(value.slice(0, -8)).toString(16).padStart(8, '0') === value.slice(-8)
  );
}

/** One client, over as many connections as it takes. */
class Client {
  readonly #id: number;
  readonly #random: () => number;
  readonly #open: () => Promise<WireClient>;
  /** A key that nobody else writes, and what it holds unless it has been evicted. */
  #own: string;
  #written: string | undefined;
  readonly #versions = new Map<string, string>();
  #wire!: WireClient;
  cuts = 0;
  replies = 0;

  constructor(id: number, open: () => Promise<WireClient>) {
    this.#id = id;
    this.#random = randomFrom(id);
    this.#open = open;
    this.#own = `own-${id}-0`;
  }

  async connect(): Promise<void> {
    this.#wire = await this.#open();
  }

  async round(): Promise<void> {
    const batch = Array.from({ length: BATCH }, () => this.#command());
    if (this.#random() >= CUT_SHARE) {
      this.#wire.send(`${batch.map(({ bytes }) => bytes).join('')}version\r\n`);
      const reply = await this.#wire.untilTail('VERSION 1.6.45\r\n');
      let at = 0;
      for (const { check } of batch) at = check(reply, at);
      expect(reply.slice(at)).toBe('VERSION 1.6.45\r\n');
      this.replies += BATCH;
      return;
    }
    this.cuts++;
    await this.#cut(batch);
    // Nobody knows how much of the batch is done, or when: what is left of it may come after the next one's.
    this.#own = `own-${this.#id}-${this.cuts}`;
    this.#written = undefined;
    await this.connect();
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }

  /** Sends a part of the batch, and leaves in one of the ways that clients leave. */
  async #cut(batch: readonly Command[]): Promise<void> {
    const bytes = batch.map((command) => command.bytes).join('');
    const part = bytes.slice(0, Math.floor(this.#random() * bytes.length));
    const wire = this.#wire;
    const way = Math.floor(this.#random() * 4);
    if (way === 0) {
      // Half closed: what was asked in full is answered in full, then the server ends it.
      wire.finish(part);
      const reply = await wire.rest();
      let at = 0;
      for (const { check } of batch) {
        if (at === reply.length) break;
        at = check(reply, at);
      }
      expect(at).toBe(reply.length);
      await wire.close();
      return;
    }
    wire.send(part);
    if (way === 1) await new Promise(setImmediate);
    if (way === 2) wire.socket.resetAndDestroy();
    await wire.close();
  }

  #command(): Command {
    const random = this.#random;
    const below = (end: number): number => Math.floor(random() * end);
    const name = `document-${below(DOCUMENTS)}`;
    const length = random() < 0.03 ? 20_000 + below(60_000) : below(300);
    const value = documentOf(name, length, String.fromCharCode(97 + below(26)));
    const log = `log-${below(LOGS)}`;
    const counter = `number-${below(COUNTERS)}`;
    const dice = below(100);
    if (dice < 30)
      return this.#get(
        'get',
        Array.from({ length: 1 + below(8) }, () => `document-${below(DOCUMENTS)}`),
      );
    if (dice < 38) return this.#get('gets', [name, log, counter]);
    if (dice < 50) return stored(`set ${name} 0 0 ${value.length}`, value, oneOf('STORED'));
    if (dice < 58) return this.#compareAndSet(value, name);
    if (dice < 64) return { bytes: `incr ${counter} ${below(1000)}\r\n`, check: number };
    if (dice < 67) return { bytes: `decr ${counter} ${below(1000)}\r\n`, check: number };
    if (dice < 70) return stored(`add ${counter} 0 0 1`, '7', oneOf('STORED', 'NOT_STORED'));
    // Logs are begun anew before they grow large.
    if (dice < 72) return stored(`set ${log} 0 0 ${log.length + 1}`, `${log};`, oneOf('STORED'));
    if (dice < 80)
      return stored(
        `${dice < 76 ? 'append' : 'prepend'} ${log} 0 0 ${log.length + 1}`,
        `${log};`,
        oneOf('STORED', 'NOT_STORED'),
      );
    if (dice < 86) return { bytes: `delete ${name}\r\n`, check: oneOf('DELETED', 'NOT_FOUND') };
    if (dice < 93) return this.#setOwn(documentOf(this.#own, below(500), 'o'));
    return this.#getOwn();
  }

  #get(verb: string, keys: readonly string[]): Command {
    const check = items(keys, (key, _, version) => {
      if (version !== '') this.#versions.set(key, version);
    });
    return { bytes: `${verb} ${keys.join(' ')}\r\n`, check };
  }

  /** On a document whose version is known, or on the one given with a version that none has. */
  #compareAndSet(value: string, name: string): Command {
    const [key, version] = [...this.#versions].find(([known]) => known.startsWith('document')) ?? [name, '0'];
    this.#versions.delete(key);
    const own = key === name ? value : documentOf(key, 100, 'c');
    return stored(`cas ${key} 0 0 ${own.length} ${version}`, own, oneOf('STORED', 'EXISTS', 'NOT_FOUND'));
  }

  #setOwn(value: string): Command {
    return stored(`set ${this.#own} 0 0 ${value.length}`, value, (reply, at) => {
      this.#written = value;
      return oneOf('STORED')(reply, at);
    });
  }

  #getOwn(): Command {
    const check = items([this.#own], (_, value) => {
      if (this.#written !== undefined && value !== this.#written)
        throw new Error(`${this.#own} holds an old value`);
    });
    return { bytes: `get ${this.#own}\r\n`, check };
  }
}

function stored(line: string, value: string, check: Check): Command {
  return { bytes: `${line}\r\n${value}\r\n`, check };
}

it(`${CLIENTS} clients, cut at random`, { timeout: 120_000 }, async () => {
  const { connect, engine, transport } = await serve(
    { maxConnections: CLIENTS + 100 },
    { maxBytes: MAX_BYTES },
  );
  const clients = Array.from({ length: CLIENTS }, (_, id) => new Client(id, connect));
  await Promise.all(clients.map((client) => client.connect()));
  const heldBefore = heldBytes();
  let most = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let round = 0; round < ROUNDS; round++) {
        await client.round();
        most = Math.max(most, engine.bytes);
      }
    }),
  );
  expect(most).toBeLessThanOrEqual(MAX_BYTES);
  expect(most).toBeGreaterThan(MAX_BYTES * 0.9);
  expect(engine.stats().evictions).toBeGreaterThan(0);
  expect(engine.verify()).toEqual([]);
  // Those that are left are served to the last.
  await eventually(() => transport.currentConnections === CLIENTS, 'the server has noticed every cut');
  await Promise.all(clients.map((client) => client.close()));
  await eventually(() => transport.currentConnections === 0, 'every connection is gone');
  expect([...transport.connections()].map(({ state }) => state)).toEqual(['conn_listening']);
  expect(process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP'))).toEqual([
    'TCPServerWrap',
  ]);

  const cuts = clients.reduce((sum, client) => sum + client.cuts, 0);
  const replies = clients.reduce((sum, client) => sum + client.replies, 0);
  engine.clear();
  clients.length = 0;
  const growth = heldBytes() - heldBefore;
  console.log(
    `connection storm: ${replies} replies checked, ${cuts} connections cut, ${growth} bytes of growth`,
  );
  expect(cuts).toBeGreaterThan(CLIENTS * ROUNDS * CUT_SHARE * 0.5);
  expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
});
