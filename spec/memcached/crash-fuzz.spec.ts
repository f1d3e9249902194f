/**
 * Bytes without sense: noise, what resembles the text, meta and binary protocols, in pieces of any length. Whatever
 * comes, the session answers or closes, holds no more than it may, and leaves a sound engine.
 * HOTSET_FUZZ_SEED repeats a run, HOTSET_FUZZ_BYTES makes it longer.
 */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import type { Items } from '../../lib/items.js';
import { ItemStore } from '../../lib/memcached/item-store.js';
import { DEFAULT_ITEM_MAX_BYTES, REPLIES_MAX_BYTES } from '../../lib/memcached/limits.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';
import { metaCommand } from '../differential/meta-grammar.js';
import { mutated } from '../differential/mutation.js';
import { Random } from '../differential/random.js';
import { expand } from '../differential/template.js';
import { textCommand } from '../differential/text-grammar.js';
import { createStore, STORE_NAMES, type StoreName } from '../support/stores.js';

const BYTES = Number(process.env.HOTSET_FUZZ_BYTES ?? 10_000_000);
const SEEDS: readonly number[] =
  process.env.HOTSET_FUZZ_SEED === undefined
    ? [1, Math.floor(Math.random() * 2 ** 31)]
    : [Number(process.env.HOTSET_FUZZ_SEED)];
const MAX_BYTES = 2 * 1024 * 1024;
/** The reply that goes over the bound, and the longest dump of keys. */
const REPLIES_BOUND = REPLIES_MAX_BYTES + DEFAULT_ITEM_MAX_BYTES + 2 * 1024 * 1024;
const NO_IDS: ReadonlyMap<string, string> = new Map();

type Source = (random: Random) => Buffer;

/** Words of every command, to be strung together without regard for any grammar. */
const WORDS = (
  'get gets gat gats set add replace append prepend cas incr decr touch delete flush_all version verbosity quit mn ' +
  'mg ms md ma me noreply stats items slabs sizes conns settings cachedump detail on off dump reset lru tune mode ' +
  'lru_crawler metadump mgdump all hash crawl slabs reassign automove watch fetchers cache_memlimit shutdown ' +
  'refresh_certs debugtime 0 1 2 -1 7 250 1048576 2147483645 2147483646 4294967296 18446744073709551615 k key n a ' +
  'b c f h k l q s t u v x C0 D1 E9 F1 I J5 L MS MA N30 Oopaque P R30 T30 S1 YWJj HTTP/1.1'
).split(' ');

function words(random: Random): Buffer {
  const count = 1 + random.below(8);
  const line = Array.from({ length: count }, () => random.pick(WORDS)).join(
    random.pick([' ', ' ', ' ', '  ', '\t']),
  );
  return Buffer.from(line + random.pick(['\r\n', '\r\n', '\r\n', '\n', '\r', '']), 'latin1');
}

function grammatical(command: (random: Random) => string): Source {
  return (random) => {
    const template = command(random);
    const text = expand(random.chance(0.5) ? mutated(template, random) : template, '00000', NO_IDS);
    return Buffer.from(text, 'latin1');
  };
}

const LENGTHS = [0, 0, 1, 4, 8, 20, 24, 250, 251, 1000, 65_536, 1_048_576, 2 ** 30, 2 ** 31, 2 ** 32 - 1];

/** A binary header whose lengths may agree with what follows, or not. */
function binary(random: Random): Buffer {
  const header = random.bytes(24);
  header[0] = random.chance(0.95) ? 0x80 : random.below(256);
  header[1] = random.chance(0.9) ? random.below(0x40) : random.below(256);
  const keyLength = random.chance(0.8) ? random.below(12) : random.pick(LENGTHS) & 0xffff;
  const extrasLength = random.chance(0.8) ? random.pick([0, 0, 4, 8, 20]) : random.below(256);
  const valueLength = random.chance(0.9) ? random.below(40) : random.below(3000);
  const body = keyLength + extrasLength + valueLength;
  header.writeUInt16BE(keyLength, 2);
  header[4] = extrasLength;
  if (random.chance(0.9)) header[5] = 0;
  header.writeUInt32BE(random.chance(0.9) ? body : random.pick(LENGTHS), 8);
  if (random.chance(0.7)) header.fill(0, 16, 24);
  return Buffer.concat([header, random.chance(0.5) ? Buffer.alloc(body, 0x61) : random.bytes(body)]);
}

const SOURCES: Readonly<Record<string, Source>> = {
  noise: (random) => random.bytes(1 + random.below(300)),
  'noise with line ends': (random) => {
    const bytes = random.bytes(1 + random.below(300));
    for (let i = 0; i < bytes.length; i++)
      if (random.chance(0.05)) bytes[i] = random.pick([0x0a, 0x0d, 0x20]);
    return bytes;
  },
  words,
  text: grammatical(textCommand),
  meta: grammatical(metaCommand),
  binary,
};
const WEIGHTED: readonly (readonly [number, Source])[] = [
  [1, SOURCES.noise!],
  [2, SOURCES['noise with line ends']!],
  [6, words],
  [6, SOURCES.text!],
  [6, SOURCES.meta!],
  [4, binary],
];

const RUNS = STORE_NAMES.flatMap((store) => SEEDS.map((seed) => ({ store, seed })));

describe.each(RUNS)('bytes without sense, over $store, seed $seed', ({ store, seed }) => {
  it.each([...Object.keys(SOURCES), 'everything'])('%s', (name) => {
    const random = new Random(seed);
    const share = BYTES / SEEDS.length / (Object.keys(SOURCES).length + 1);
    const fuzz = new Fuzz(random, store);
    while (fuzz.bytes < share) {
      const source = SOURCES[name] ?? random.weighted(WEIGHTED);
      fuzz.converse(source);
      if (fuzz.conversations % 50 === 0) fuzz.check();
    }
    fuzz.check();
    expect(fuzz.mostWaiting).toBeLessThanOrEqual(REPLIES_BOUND);
    expect(fuzz.mostBytes).toBeLessThanOrEqual(MAX_BYTES);
  });
});

/** Session after session over one store, as clients come and go. */
class Fuzz {
  bytes = 0;
  conversations = 0;
  mostWaiting = 0;
  mostBytes = 0;
  readonly #random: Random;
  readonly #clock = new ManualClock(Date.UTC(2026, 0, 1));
  readonly #entries: Items;
  readonly #store: ItemStore;
  readonly #out = new ReplyBuffer();

  constructor(random: Random, store: StoreName) {
    this.#random = random;
    this.#entries = createStore(store, { maxBytes: MAX_BYTES, clock: this.#clock });
    this.#store = new ItemStore(this.#entries, {
      clock: this.#clock,
      // cache_memlimit is a command as any other; here the budget has to stay what is checked.
      memoryCeilingBytes: MAX_BYTES,
      onDebugTime: (seconds) => this.#clock.advance(seconds * 1000),
    });
  }

  /** Talks until the session closes, or for a while. */
  converse(source: Source): void {
    this.conversations++;
    const random = this.#random;
    const session = new Session(this.#store, this.#out);
    const most = random.pick([1, 3, 40, 1000, 100_000]);
    for (let left = 1 + random.below(60); left > 0; left--) {
      const input = source(random);
      for (let at = 0; at < input.length; ) {
        const length = Math.min(input.length - at, 1 + random.below(most));
        if (!this.#feed(session, Buffer.from(input.subarray(at, at + length)))) return;
        at += length;
      }
      if (random.chance(0.05)) this.#clock.advance(random.pick([1, 1000, 60_000]));
    }
    session.close();
  }

  check(): void {
    expect(this.#entries.verify()).toEqual([]);
  }

  #feed(session: Session, input: Buffer): boolean {
    this.bytes += input.length;
    let state = session.feed(input);
    let turns = 0;
    while (state === 'blocked') {
      this.#take();
      // As many turns as the input can ask for; no more.
      if (++turns > 20 + input.length) throw new Error(`no end of turns after ${input.toString('latin1')}`);
      state = session.resume();
    }
    this.#take();
    // Its memory is used again.
    input.fill(0xff);
    return state !== 'closed';
  }

  #take(): void {
    this.mostWaiting = Math.max(this.mostWaiting, this.#out.length);
    this.mostBytes = Math.max(this.mostBytes, this.#entries.bytes);
    this.#out.take();
    this.#out.release();
  }
}
