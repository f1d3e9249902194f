/** Runs a stream on hotset and on memcached, packet by packet, until their replies differ. */

import { HotsetSide } from './hotset-side.js';
import type { MemcachedConnection, MemcachedSide } from './memcached-side.js';
import { Random } from './random.js';
import { Replies } from './replies.js';
import { isPause, type Packet, type Protocol, type Stream } from './stream.js';
import { expand, TAG_BYTES } from './template.js';
import { KEYS } from './text-grammar.js';

/** Ends each packet: its reply says that all before it has been answered. */
const SENTINELS: Readonly<Record<Protocol, Buffer>> = {
  text: Buffer.from('version\r\n'),
  // A noop with an opaque that no command has.
  binary: Buffer.from(`800a${'00'.repeat(10)}ffffffff${'00'.repeat(8)}`, 'hex'),
};
const ANSWERED: Readonly<Record<Protocol, (reply: string) => boolean>> = {
  text: (reply) => /VERSION 1\.6\.\d+\r\n$/.test(reply.slice(-24)),
  binary: (reply) => reply.at(-24) === '\x81' && reply.endsWith(`\xff\xff\xff\xff${'\0'.repeat(8)}`),
};

const NOTHING = { reply: '', closed: false };
/** Waited in vain only where the servers differ. */
const PATIENCE_MS = 10_000;
/** The same while a difference is being shrunk. */
export const SHORT_PATIENCE_MS = 250;

/** One packet, as each side saw and answered it. */
export interface Exchange {
  readonly protocol: Protocol;
  readonly connection: number;
  readonly sent: readonly string[];
  readonly hotset: string;
  readonly memcached: string;
}

export interface Difference {
  /** Everything up to the difference; what `seconds` passed stands between. */
  readonly exchanges: readonly (Exchange | { readonly seconds: number })[];
  /** Step of the stream that was answered differently. */
  readonly step: number;
}

let runs = 0;

/** `undefined` when both sides say the same from beginning to end. */
export async function runSideBySide(
  stream: Stream,
  memcached: MemcachedSide,
  patienceMs: number = PATIENCE_MS,
): Promise<Difference | undefined> {
  const run = new Run(memcached, stream.cutSeed, patienceMs);
  try {
    await memcached.clear();
    for (const [index, step] of stream.steps.entries()) {
      if (isPause(step)) {
        await run.pass(step.seconds);
        continue;
      }
      const outcome = await run.exchange(step, stream.connections[step.connection]!);
      if (outcome === 'cut') return undefined;
      if (outcome === 'different') return { exchanges: run.exchanges, step: index };
    }
    if (countsOtherwise(stream) || (await run.countedAlike())) return undefined;
    return { exchanges: run.exchanges, step: stream.steps.length };
  } finally {
    run.end();
  }
}

class Run {
  readonly exchanges: (Exchange | { readonly seconds: number })[] = [];
  readonly #memcached: MemcachedSide;
  readonly #hotset: HotsetSide;
  readonly #patienceMs: number;
  readonly #connections: (MemcachedConnection | undefined)[] = [];
  readonly #replies = { hotset: new Replies(), memcached: new Replies() };
  readonly #tag = (++runs).toString(36).padStart(TAG_BYTES, '0');
  readonly #keys = KEYS.map((key) => expand(key, this.#tag, new Map()));
  readonly #cuts: Random;

  constructor(memcached: MemcachedSide, cutSeed: number, patienceMs: number) {
    this.#cuts = new Random(cutSeed);
    this.#memcached = memcached;
    this.#patienceMs = patienceMs;
    this.#hotset = new HotsetSide(memcached.now);
  }

  async pass(seconds: number): Promise<void> {
    await this.#memcached.advance(seconds);
    this.#hotset.clock.advance(seconds * 1000);
    this.exchanges.push({ seconds });
  }

  /** `cut`: both wait for the rest of a request, or replies are lost with a connection; nothing more can be compared. */
  async exchange(
    { connection, commands }: Packet,
    protocol: Protocol,
  ): Promise<'alike' | 'different' | 'cut'> {
    const sentinel = SENTINELS[protocol];
    const toHotset = this.#bytes(commands, this.#replies.hotset);
    const toMemcached = this.#bytes(commands, this.#replies.memcached);
    const first = this.#hotset.send(connection, toHotset, this.#cuts);
    const last = first.closed ? NOTHING : this.#hotset.send(connection, sentinel, this.#cuts);
    const reply = first.reply + last.reply;
    const closed = first.closed || last.closed;
    const answered = ANSWERED[protocol](last.reply);
    const hotset = this.#replies.hotset.normal(reply, protocol, this.#keys);

    this.#connections[connection] ??= await this.#memcached.connect();
    const socket = this.#connections[connection];
    socket.send(Buffer.concat([toMemcached, sentinel]));
    let answer: string;
    let sameEnd = true;
    if (closed) {
      answer = await socket.until(() => false, this.#patienceMs);
      sameEnd = socket.closed;
    } else if (answered) {
      const versions = versionsIn(reply);
      answer = await socket.until(
        (text) => ANSWERED[protocol](text) && versionsIn(text) >= versions,
        this.#patienceMs,
      );
      sameEnd = !socket.closed;
    } else {
      // Both wait for the rest of a request that never comes.
      answer = await socket.finish(this.#patienceMs);
    }
    const memcached = this.#replies.memcached.normal(answer, protocol, this.#keys);
    if (closed || !answered || socket.closed) {
      this.#hotset.drop(connection);
      socket.close();
      this.#connections[connection] = undefined;
    }
    // memcached keeps replies while it waits for data.
    const mayLack = socket.reset || !(closed || answered);
    const sameReplies = mayLack ? hotset.startsWith(memcached) : hotset === memcached;
    const same = sameEnd && sameReplies;
    const hotsetEnd = closed ? ' (closes)' : '';
    const memcachedEnd = socket.closed && answered ? ' (closes)' : '';
    this.exchanges.push({
      protocol,
      connection,
      sent: commands.map((command) => expand(command, this.#tag, this.#replies.hotset.casIds)),
      hotset: hotset + hotsetEnd,
      memcached: memcached + memcachedEnd,
    });
    if (!same) return 'different';
    // Which ids memcached has not told is not known: the names of later ones would differ.
    return hotset === memcached && (closed || answered) ? 'alike' : 'cut';
  }

  /** Whether both have counted the same requests, hits and misses. */
  async countedAlike(): Promise<boolean> {
    const hotset = counters(this.#hotset.stats());
    const memcached = counters(await this.#memcached.stats());
    if (hotset === memcached) return true;
    this.exchanges.push({ protocol: 'text', connection: -1, sent: [], hotset, memcached });
    return false;
  }

  end(): void {
    for (const socket of this.#connections) socket?.close();
  }

  #bytes(commands: readonly string[], { casIds }: Replies): Buffer {
    return Buffer.from(commands.map((command) => expand(command, this.#tag, casIds)).join(''), 'latin1');
  }
}

/** The sentinel's reply may also be that of a command before it. */
function versionsIn(reply: string): number {
  return reply.split('VERSION 1.6.').length - 1;
}

/**
 * 1.6.18 counts some meta commands as others than 1.6.45 does, which the specs of the counters hold. And neither counts
 * a binary set that is too large, which hotset does.
 */
function countsOtherwise({ steps }: Stream): boolean {
  return steps.some(
    (step) =>
      !isPause(step) &&
      step.commands.some(
        (command) => META.test(command) || (command.startsWith('\x80') && command.length > LARGE_BYTES),
      ),
  );
}
const LARGE_BYTES = 400_000;
const META = /\bm[gsdae] /;

/** Not those of expired items, which memcached counts with lookups of every kind. */
const COUNTERS = /^STAT (?:cmd_|get_(?:hits|misses)|delete_|incr_|decr_|cas_|touch_|store_)\w* \d+/gm;

function counters(stats: string): string {
  return (stats.match(COUNTERS) ?? []).map((line) => line.slice(5)).join(', ');
}
