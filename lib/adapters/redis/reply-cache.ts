/**
 * Replies by command, in an engine of its own, and what is to be forgotten when a key of the server changes. Knows no
 * client.
 *
 * A key is tracked by the server from its read on, and the invalidation follows the reply on the same connection. A load
 * is therefore registered before its command is sent: an invalidation that comes before the reply was stored finds it.
 */

import { rejectUnknownOptions } from '../../errors.js';
import { CacheEngine, type CacheEngineOptions } from '../../index.js';
import { ByKey } from './by-key.js';
import { copyReply } from './copy-reply.js';

/** What a client-side cache takes: limits of its engine. */
export type ClientSideCacheOptions = Pick<
  CacheEngineOptions<string, unknown>,
  'maxBytes' | 'maxEntries' | 'maxEntryBytes' | 'ttlMs' | 'clock'
>;

/** A command that reads. */
export interface ReadCommand {
  /** Equal for equal commands. */
  readonly text: string;
  /** The keys that it reads, as texts. */
  readonly keys: readonly string[];
  /** What makes the value of the reply: another one makes another value of the same reply. */
  readonly transform: unknown;
  /** Sends it; resolves to the value. */
  load(): Promise<unknown>;
}

/** Counters since the cache was made. Times are in milliseconds. */
export interface ReplyCounters {
  hits: number;
  misses: number;
  loads: number;
  failures: number;
  loadMs: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof ClientSideCacheOptions>([
  'maxBytes',
  'maxEntries',
  'maxEntryBytes',
  'ttlMs',
  'clock',
]);

/** Weighs what a reply's place in the index takes, which the engine does not see: 50 bytes, or 100 in a Map that churns. */
const INDEX_PLACE = '-'.repeat(64);

class Reply {
  readonly value: unknown;
  readonly keys: readonly string[];
  readonly place = INDEX_PLACE;
  readonly #transform: unknown;

  constructor(value: unknown, command: ReadCommand) {
    this.value = value;
    this.keys = command.keys;
    this.#transform = command.transform;
  }

  isMadeBy(transform: unknown): boolean {
    return this.#transform === transform;
  }
}

interface Flight {
  readonly command: ReadCommand;
  /** False once one of its keys has changed: the value is still the answer, and is not stored. */
  isValid: boolean;
  value: Promise<unknown>;
}

export class ReplyCache {
  readonly engine: CacheEngine<string, unknown>;
  readonly counters: ReplyCounters = { hits: 0, misses: 0, loads: 0, failures: 0, loadMs: 0 };
  readonly #texts = new ByKey<string>();
  /** Those that a reader may join, by command. */
  readonly #flights = new Map<string, Flight>();
  readonly #flightsByKey = new ByKey<Flight>();

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor(options: ClientSideCacheOptions) {
    rejectUnknownOptions(options, KNOWN);
    this.engine = new CacheEngine<string, unknown>({
      ...options,
      onRemoval: (text, reply) => {
        if (reply instanceof Reply) this.#texts.remove(reply.keys, text);
      },
    });
  }

  /** Redis keys that some reply depends on. */
  get keyCount(): number {
    return this.#texts.size;
  }

  /** A copy of the cached value, or of the one that the server sends. O(size of the value) for a hit. */
  async read(command: ReadCommand): Promise<unknown> {
    const reply = this.engine.get(command.text);
    if (reply instanceof Reply && reply.isMadeBy(command.transform)) {
      this.counters.hits++;
      return copyReply(reply.value);
    }
    this.counters.misses++;
    const flight = this.#flights.get(command.text);
    if (flight === undefined || flight.command.transform !== command.transform)
      return copyReply(await this.#begin(command).value);
    try {
      return copyReply(await flight.value);
    } catch {
      // What failed may have been the other caller's own: an AbortSignal, a timeout.
      return this.#timed(command);
    }
  }

  /** Forgets what depends on a key; null for all keys. O(1) for each reply. */
  invalidate(key: string | null): void {
    if (key === null) {
      this.clear();
      return;
    }
    for (const text of this.#texts.at(key)) this.engine.delete(text);
    for (const flight of this.#flightsByKey.at(key)) this.#detach(flight);
  }

  /** Forgets all replies; those that are on their way are not stored. O(n). */
  clear(): void {
    this.#texts.clear();
    this.engine.clear();
    for (const flight of this.#flights.values()) flight.isValid = false;
    this.#flights.clear();
    this.#flightsByKey.clear();
  }

  #begin(command: ReadCommand): Flight {
    const flight: Flight = { command, isValid: true, value: Promise.resolve() };
    const other = this.#flights.get(command.text);
    if (other !== undefined) this.#detach(other);
    this.#flights.set(command.text, flight);
    this.#flightsByKey.add(command.keys, flight);
    flight.value = this.#load(flight);
    return flight;
  }

  async #load(flight: Flight): Promise<unknown> {
    const { command } = flight;
    try {
      const value = copyReply(await this.#timed(command));
      if (flight.isValid && this.engine.set(command.text, new Reply(value, command)) === 'stored')
        this.#texts.add(command.keys, command.text);
      return value;
    } finally {
      if (flight.isValid) this.#detach(flight);
    }
  }

  async #timed(command: ReadCommand): Promise<unknown> {
    const { counters } = this;
    const began = performance.now();
    try {
      const value = await command.load();
      counters.loads++;
      return value;
    } catch (error) {
      counters.failures++;
      throw error;
    } finally {
      counters.loadMs += performance.now() - began;
    }
  }

  /** Nobody joins it any more, and it stores nothing. */
  #detach(flight: Flight): void {
    const { text, keys } = flight.command;
    flight.isValid = false;
    this.#flights.delete(text);
    this.#flightsByKey.remove(keys, flight);
  }
}
