/**
 * `--warm-from`: a new node gets its first items from a peer, memcached or hotset. The peer lists its keys
 * (`lru_crawler metadump`); they are read in batches (`mg`, which leaves no trace in the peer's order of use) and offered
 * to the store, the least recently used first.
 *
 * What clients have written or removed here meanwhile stays as they left it. A peer that is lost, too slow or no such
 * server ends the warming and nothing else. Memory: the keys of a window, one batch, and one item where it is larger.
 */

import type { Clock } from '../engine/clock.js';
import { Key } from '../items/key.js';
import type { ItemData, KeyBytes } from '../items.js';
import type { WarmingFigures } from '../memcached/item-store.js';
import type { OfferResult } from '../pages/page-store.js';
import { scheduleHeld } from '../scheduler.js';
import { KeyWindow } from './key-window.js';
import { PeerConnection, PeerError, type PeerOptions } from './peer-connection.js';
import type { WarmSettings } from './warm-settings.js';

/** What is warmed. */
export interface WarmTarget {
  readonly hashSeed: number;
  readonly maxBytes: number;
  /** Whether clients have removed everything since the warming began. */
  readonly hasLostAll: boolean;
  offer(key: KeyBytes, data: ItemData, ttlMs: number, flags: number): OfferResult;
  /** Whether the server takes items of this size. */
  takes(keyBytes: number, flags: number, valueBytes: number): boolean;
  /** Each offer stands between these two. */
  beginTurn(): void;
  endTurn(): void;
  /** No more offers. */
  end(): void;
}

export interface WarmingOptions
  extends Pick<WarmSettings, 'peer' | 'shown' | 'rate'>,
    Omit<PeerOptions, 'signal'> {
  /** `user password`, a latin1 character for each byte; null for a peer that asks for none. */
  readonly credentials: string | null;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Called with each line of progress. */
  readonly onProgress?: (text: string) => void;
}

const BATCH_ITEMS = 64;
const BATCH_BYTES = 256 * 1024;
/** So many bytes of a value count as one item more. */
const ITEM_WORTH_BYTES = 16 * 1024;
const MADE_UP_MS = 100;
const PROGRESS_MS = 10_000;
/** Another dump of the peer may be under way. */
const BUSY_RETRY_MS = 1000;
const BUSY_RETRIES = 30;
/** For keys of a window: a sixteenth of the memory limit, from 4 to 64 MiB. */
const WINDOW_MIN_BYTES = 4 * 2 ** 20;
const WINDOW_MAX_BYTES = 64 * 2 ** 20;

const DUMP_LINE = /^key=(\S+) exp=-?\d+ la=(\d+) .*\bsize=(\d+)/;
const VALUE_LINE = /^VA (\d+) t(-?\d+) f(\d+) c(\d+) O(\d+)((?: [WXZ])*)$/;

export class Warming implements WarmingFigures {
  state: WarmingFigures['state'] = 'warming';
  items = 0;
  bytes = 0;
  left = 0;

  readonly #target: WarmTarget;
  readonly #options: WarmingOptions;
  readonly #stopped = new AbortController();
  readonly #key: Key;
  readonly #data: ItemData = { bytes: Buffer.alloc(0), start: 0, end: 0, owned: false, place: 0 };
  /** When the next batch may be asked for. */
  #nextAtMs = 0;
  #progressAtMs = 0;
  /** Requests that go with the next batch, and give back what the last one has taken. */
  #giveBack = '';

  constructor(target: WarmTarget, options: WarmingOptions) {
    this.#target = target;
    this.#options = options;
    this.#key = new Key(target.hashSeed);
  }

  /** Resolves when the warming has ended, however it did; `state` and the log tell how. */
  async run(): Promise<void> {
    const { clock, log, shown } = this.#options;
    const beganAtMs = clock.now();
    this.#nextAtMs = beganAtMs;
    this.#progressAtMs = beganAtMs + PROGRESS_MS;
    log(`warming from ${shown}`);
    try {
      await this.#copyAll();
      this.state = 'done';
      const seconds = ((clock.now() - beganAtMs) / 1000).toFixed(1);
      log(`warmed from ${shown} in ${seconds} seconds: ${this.#counts}`);
    } catch (error) {
      this.state = 'failed';
      if (this.#stopped.signal.aborted) return;
      // A cache that is not warm serves all the same, whatever went wrong.
      const reason = error instanceof PeerError ? error.message : (error as Error).stack;
      log(`warming from ${shown} ended early: ${reason}; ${this.#counts}`);
    } finally {
      this.#target.end();
    }
  }

  /** Ends the warming where it is. */
  stop(): void {
    this.#stopped.abort();
  }

  get #counts(): string {
    return `${this.items} items of ${Math.round(this.bytes / 2 ** 20)} MiB came, ${this.left} were left out`;
  }

  async #copyAll(): Promise<void> {
    const peers: PeerConnection[] = [];
    try {
      for (let i = 0; i < 2; i++) peers.push(await this.#connect());
      const [dump, reads] = peers as [PeerConnection, PeerConnection];
      const { maxBytes } = this.#target;
      const window = new KeyWindow(Math.min(WINDOW_MAX_BYTES, Math.max(WINDOW_MIN_BYTES, maxBytes / 16)));
      for await (const { key, usedAt, bytes } of this.#keys(dump)) {
        if (window.add(key, usedAt, bytes)) continue;
        await this.#copy(window, reads);
        window.clear();
        window.add(key, usedAt, bytes);
      }
      await this.#copy(window, reads);
    } finally {
      for (const peer of peers) peer.close();
    }
  }

  async #connect(): Promise<PeerConnection> {
    const { peer: address, credentials } = this.#options;
    const peer = await PeerConnection.open(address, { ...this.#options, signal: this.#stopped.signal });
    if (credentials === null) return peer;
    try {
      peer.send(`set user 0 0 ${credentials.length}\r\n${credentials}\r\n`);
      const answer = await peer.line();
      if (answer !== 'STORED') throw new PeerError(`it did not let us in: ${answer}`);
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** All keys of the peer, in its order. */
  async *#keys(
    dump: PeerConnection,
  ): AsyncGenerator<
    { readonly key: Buffer; readonly usedAt: number; readonly bytes: number },
    void,
    undefined
  > {
    dump.send('lru_crawler metadump all\r\n');
    let retries = 0;
    for (let line = await dump.line(); line !== 'END'; line = await dump.line()) {
      if (line === 'OK') continue;
      const match = DUMP_LINE.exec(line);
      if (match !== null)
        yield { key: unescaped(match[1]!), usedAt: Number(match[2]), bytes: Number(match[3]) };
      else if (line.startsWith('BUSY') && retries++ < BUSY_RETRIES) {
        await this.#wait(BUSY_RETRY_MS);
        dump.send('lru_crawler metadump all\r\n');
      } else throw new PeerError(`it does not list its keys: ${line}`);
    }
  }

  async #copy(window: KeyWindow, reads: PeerConnection): Promise<void> {
    const order = await window.order(this.#target.maxBytes);
    this.left += window.count - order.length;
    for (let at = 0; at < order.length; ) {
      const keys: Buffer[] = [];
      let bytes = 0;
      let cost = 0;
      while (at < order.length && keys.length < BATCH_ITEMS && bytes < BATCH_BYTES) {
        const itemBytes = window.itemBytesOf(order[at]!);
        keys.push(window.keyOf(order[at++]!));
        bytes += itemBytes;
        cost += 1 + Math.floor(itemBytes / ITEM_WORTH_BYTES);
      }
      await this.#keepRate(cost);
      await this.#copyBatch(keys, reads);
      this.#tellProgress();
    }
    if (this.#giveBack !== '') await this.#copyBatch([], reads);
  }

  async #copyBatch(keys: readonly Buffer[], reads: PeerConnection): Promise<void> {
    const target = this.#target;
    const requests = keys.map((key, i) => `mg ${requestKey(key)} v t f c u q O${i}\r\n`);
    reads.send(`${this.#giveBack}${requests.join('')}mn\r\n`);
    this.#giveBack = '';
    let came = 0;
    for (let line = await reads.line(); line !== 'MN'; line = await reads.line()) {
      const match = VALUE_LINE.exec(line);
      if (match === null) {
        // What was given back may have changed meanwhile.
        if (/^(?:NF|EX|HD)\b/.test(line)) continue;
        throw new PeerError(`it does not give its items: ${line}`);
      }
      const [, , , , cas, , marks] = match as unknown as string[];
      const [valueBytes, seconds, flags, , number] = match.slice(1, 6).map(Number) as [
        number,
        number,
        number,
        number,
        number,
      ];
      const key = keys[number]!;
      if (!target.takes(key.length, flags, valueBytes)) {
        await reads.skip(valueBytes + 2);
        continue;
      }
      const value = await reads.bytes(valueBytes);
      const isStale = marks!.includes('X');
      // The right to refill a stale item has come with it: it is given back.
      if (isStale && marks!.includes('W')) this.#giveBack += `md ${requestKey(key)} I q C${cas}\r\n`;
      const isEmptyPlace = valueBytes === 0 && marks!.includes('Z');
      if (!isStale && !isEmptyPlace && seconds !== 0) came += this.#offer(key, value, seconds, flags);
      await reads.skip(2);
    }
    this.left += keys.length - came;
    if (target.hasLostAll) throw new PeerError('all items have been removed here meanwhile (flush_all)');
  }

  /** How many items have come: one or none. */
  #offer(keyBytes: Buffer, value: Buffer, seconds: number, flags: number): number {
    const target = this.#target;
    const key = this.#key;
    key.setBytes(keyBytes, 0, keyBytes.length);
    const data = this.#data;
    data.bytes = value;
    data.start = 0;
    data.end = value.length;
    target.beginTurn();
    const result = target.offer(key, data, seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000, flags);
    target.endTurn();
    if (result !== 'stored') return 0;
    this.items++;
    this.bytes += keyBytes.length + value.length;
    return 1;
  }

  /** Waits until `cost` items more are within the rate. */
  async #keepRate(cost: number): Promise<void> {
    const { clock, rate } = this.#options;
    const nowMs = clock.now();
    const aheadMs = this.#nextAtMs - nowMs;
    // Timers that were late are made up for, and a peer that is slow is not.
    this.#nextAtMs = Math.max(nowMs - MADE_UP_MS, this.#nextAtMs) + (cost * 1000) / rate;
    if (aheadMs >= 1) await this.#wait(aheadMs);
  }

  async #wait(delayMs: number): Promise<void> {
    const { signal } = this.#stopped;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = scheduleHeld(this.#options.scheduler, delayMs, done);
      signal.addEventListener('abort', done);
    });
    signal.throwIfAborted();
  }

  #tellProgress(): void {
    const { clock, log, onProgress, shown } = this.#options;
    const nowMs = clock.now();
    if (nowMs < this.#progressAtMs) return;
    this.#progressAtMs = nowMs + PROGRESS_MS;
    const text = `warming from ${shown}: ${this.#counts} so far`;
    log(text);
    onProgress?.(text);
  }
}

/** As a dump writes keys: bytes that no URI may have stand as %XX. */
function unescaped(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** A key as `mg` takes it, in base64 where a line of text cannot hold it. */
function requestKey(key: Buffer): string {
  return key.every((byte) => byte > 0x20 && byte !== 0x7f)
    ? key.toString('latin1')
    : `${key.toString('base64')} b`;
}
