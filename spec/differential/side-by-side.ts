/** Runs a stream on hotset and on memcached, packet by packet, until their replies differ. */

import { type Counters, countersIn, countsAlike } from './counters.js';
import { HotsetSide } from './hotset-side.js';
import type { MemcachedConnection, MemcachedSide } from './memcached-side.js';
import { Random } from './random.js';
import { Replies } from './replies.js';
import { isPause, type Packet, type Protocol, type Step, type Stream } from './stream.js';
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

/** Waited in vain only where the servers differ. */
const PATIENCE_MS = 10_000;
/** The same while a difference is being shrunk. */
export const SHORT_PATIENCE_MS = 250;
/** What the connection that looks at all keys is called. */
const CHECK = -1;

/** One packet, as each side saw and answered it. */
export interface AnsweredPacket {
  readonly protocol: Protocol;
  readonly connection: number;
  readonly sent: readonly string[];
  /** For the reader of a difference: how the packet was cut, or how the connection ended. */
  readonly note: string;
  readonly hotset: string;
  readonly memcached: string;
}

export interface Difference {
  /** Everything up to the difference, in the order of the answers; what `seconds` passed stands between. */
  readonly transcript: readonly (AnsweredPacket | { readonly seconds: number })[];
  /** Step of the stream that was answered differently. */
  readonly step: number;
}

let runs = 0;

/** `undefined` when both sides say the same from beginning to end, hold the same and have counted the same. */
export async function runSideBySide(
  stream: Stream,
  memcached: MemcachedSide,
  patienceMs: number = PATIENCE_MS,
): Promise<Difference | undefined> {
  const run = new Run(stream, memcached, patienceMs);
  try {
    await memcached.clear();
    for (const [index, step] of stream.steps.entries())
      if (!(await run.isAlike(step))) return { transcript: run.transcript, step: index };
    if ((await run.holdAlike()) && (await run.countedAlike())) return undefined;
    return { transcript: run.transcript, step: stream.steps.length };
  } finally {
    run.end();
  }
}

class Run {
  readonly transcript: (AnsweredPacket | { readonly seconds: number })[] = [];
  readonly #stream: Stream;
  readonly #memcached: MemcachedSide;
  readonly #hotset: HotsetSide;
  readonly #patienceMs: number;
  readonly #connections = new Map<number, MemcachedConnection>();
  #replies = { hotset: new Replies(), memcached: new Replies() };
  readonly #tag = (++runs).toString(36).padStart(TAG_BYTES, '0');
  readonly #keys = KEYS.map((key) => expand(key, this.#tag, new Map()));
  readonly #cuts: Random;
  /** Stores whose data never came, which 1.6.18 and all binary commands of memcached do not count. */
  #unfinishedStores = false;

  constructor(stream: Stream, memcached: MemcachedSide, patienceMs: number) {
    this.#stream = stream;
    this.#cuts = new Random(stream.cutSeed);
    this.#memcached = memcached;
    this.#patienceMs = patienceMs;
    this.#hotset = new HotsetSide(memcached.now);
  }

  async isAlike(step: Step): Promise<boolean> {
    if (!isPause(step)) return await this.#exchange(step, this.#stream.connections[step.connection]!);
    await this.#memcached.advance(step.seconds);
    this.#hotset.clock.advance(step.seconds * 1000);
    this.transcript.push({ seconds: step.seconds });
    return true;
  }

  /** Whether both hold the same under all keys. */
  async holdAlike(): Promise<boolean> {
    const commands = [`gets ${KEYS.join(' ')}\r\n`];
    return await this.#exchange({ connection: CHECK, commands, hangsUp: true }, 'text');
  }

  /** Whether both have counted the same requests, hits and misses. */
  async countedAlike(): Promise<boolean> {
    const hotset = countersIn(this.#hotset.stats());
    const memcached = countersIn(await this.#memcached.stats());
    const { release } = this.#memcached;
    if (this.#unfinishedStores || !countsAlike(this.#stream.steps, release)) return true;
    if (hotset.compared === memcached.compared && hotset.unknown.length + memcached.unknown.length === 0)
      return true;
    const shown = ({ compared, unknown }: Counters): string => `${compared} ${unknown.join(' ')}`;
    this.transcript.push({
      protocol: 'text',
      connection: CHECK,
      sent: [],
      note: 'stats',
      hotset: shown(hotset),
      memcached: shown(memcached),
    });
    return false;
  }

  end(): void {
    for (const socket of this.#connections.values()) socket.close();
  }

  async #exchange(
    { connection, commands, cut, hangsUp = false }: Packet,
    protocol: Protocol,
  ): Promise<boolean> {
    const sent = commands.map((command) => expand(command, this.#tag, this.#replies.hotset.casIds));
    const toHotset = this.#bytes(commands, this.#replies.hotset);
    const toMemcached = this.#bytes(commands, this.#replies.memcached);
    const socket = this.#connections.get(connection) ?? (await this.#memcached.connect());
    this.#connections.set(connection, socket);

    // The first part, and what happens before the second.
    const cutAt = cut === undefined ? toHotset.length : Math.floor(toHotset.length * cut.at);
    let { reply, closed } = this.#hotset.send(connection, toHotset.subarray(0, cutAt), this.#cuts);
    const halfSent = cut !== undefined && hangsUp;
    if (cut !== undefined) socket.send(toMemcached.subarray(0, cutAt));
    if (cut !== undefined && !halfSent) {
      await this.#memcached.settle();
      for (const step of cut.meanwhile) {
        if (await this.isAlike(step)) continue;
        this.transcript.push({
          protocol,
          connection,
          sent,
          note: `before, up to byte ${cutAt}`,
          hotset: reply,
          memcached: '',
        });
        return false;
      }
    }

    // The second part, with the sentinel behind it.
    const sentinel = SENTINELS[protocol];
    let answered = false;
    if (!closed && !halfSent) {
      const rest = this.#hotset.send(connection, toHotset.subarray(cutAt), this.#cuts);
      const last = rest.closed ? rest : this.#hotset.send(connection, sentinel, this.#cuts);
      reply += rest.closed ? rest.reply : rest.reply + last.reply;
      closed = last.closed;
      answered = ANSWERED[protocol](last.reply);
    }
    const firstHere = cut === undefined ? 0 : cutAt;
    if (!halfSent && (cut === undefined || !socket.closed))
      socket.send(Buffer.concat([toMemcached.subarray(firstHere), sentinel]));

    const { answer, sameEnd } = await this.#answer(socket, protocol, { reply, closed, answered });
    const hotset = this.#replies.hotset.normal(reply, protocol, this.#keys);
    const memcached = this.#replies.memcached.normal(answer, protocol, this.#keys);
    // memcached keeps replies while it waits for data.
    const mayLack = socket.reset || !(closed || answered);
    const same = sameEnd && (mayLack ? hotset.startsWith(memcached) : hotset === memcached);
    const where = `${cutAt} of ${toHotset.length} bytes`;
    this.transcript.push({
      protocol,
      connection,
      sent,
      note: halfSent ? `hangs up after ${where}` : cut === undefined ? '' : `cut after ${where}`,
      hotset: hotset + (closed ? ' (closes)' : ''),
      memcached: memcached + (socket.closed && !mayLack ? ' (closes)' : ''),
    });
    if (!closed && !answered && (protocol === 'binary' || this.#memcached.release !== 'reference'))
      this.#unfinishedStores = true;
    if (closed || !answered || socket.closed || hangsUp) this.#drop(connection);
    if (!same) return false;
    // Ids that memcached has not told have no names: all begin anew.
    if (hotset === memcached) return true;
    this.#replies = { hotset: new Replies(), memcached: new Replies() };
    return await this.holdAlike();
  }

  /** What memcached says to the packet that hotset has answered so. */
  async #answer(
    socket: MemcachedConnection,
    protocol: Protocol,
    { reply, closed, answered }: { reply: string; closed: boolean; answered: boolean },
  ): Promise<{ answer: string; sameEnd: boolean }> {
    if (closed) {
      const answer = await socket.until(() => false, this.#patienceMs);
      return { answer, sameEnd: socket.closed };
    }
    if (answered) {
      const versions = versionsIn(reply);
      const isEnough = (text: string): boolean => ANSWERED[protocol](text) && versionsIn(text) >= versions;
      const answer = await socket.until(isEnough, this.#patienceMs);
      return { answer, sameEnd: !socket.closed };
    }
    // Both wait for the rest of a request that never comes.
    return { answer: await socket.finish(this.#patienceMs), sameEnd: true };
  }

  #drop(connection: number): void {
    this.#hotset.drop(connection);
    this.#connections.get(connection)?.close();
    this.#connections.delete(connection);
  }

  #bytes(commands: readonly string[], { casIds }: Replies): Buffer {
    return Buffer.from(commands.map((command) => expand(command, this.#tag, casIds)).join(''), 'latin1');
  }
}

/** The sentinel's reply may also be that of a command before it. */
function versionsIn(reply: string): number {
  return reply.split('VERSION 1.6.').length - 1;
}
