/**
 * A bus between the processes, over any pub/sub transport: for second tiers that cannot tell what changes in them.
 *
 * A message is JSON of version 1:
 *
 *     { "v": 1, "from": id, "n": 7, "after": 6, "keys": […], "tags": […], "all": true }    a change
 *     { "v": 1, "from": id, "after": 7, "at": 123.4 }                                     a heartbeat
 *
 * `from` names the sender for as long as it runs, so that it ignores its own changes. `n` counts its messages. `after` is
 * the message that a receiver must have seen before this one: those in between failed as far as the sender knows, and what
 * they said is said again. A receiver who has not seen it, and one who sees a sender for the first time that has sent before, takes it that
 * everything has changed. A heartbeat has `after` too, so that a lost message is noticed within `heartbeatMs`. The sender's own
 * heartbeat, come back, proves that nothing before it is missing.
 *
 * Whoever may publish can empty the others' first tiers, and no more than that: no value goes over the bus. A message that
 * is no such JSON, or is too large, is counted and ignored; one of a later version means that everything has changed.
 * O(1) for each key and tag of a message.
 */

import { type Clock, monotonicClock } from '../engine/clock.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import { methodOption } from '../options.js';
import { type Scheduler, systemScheduler, Timer } from '../scheduler.js';
import type { InvalidationListener, InvalidationMessage, InvalidationSource } from './second-tier.js';

/** What carries texts between processes. Redis' pub/sub is one, and so is anything that keeps the order of one sender. */
export interface BusTransport {
  /** For statistics and metrics. */
  readonly name: string;
  /** Sends to every subscriber of the channel, those of the sender included. Rejects when it may not have been sent. */
  publish(channel: string, text: string): Promise<unknown>;
  /**
   * Subscribes, and again whenever the connection is lost. Calls `onLink` with true each time the subscription stands, and
   * with false each time it is lost. Returns what ends it; nothing is called after that.
   */
  subscribe(
    channel: string,
    onMessage: (text: string) => void,
    onLink: (isUp: boolean, error?: unknown) => void,
  ): () => Promise<void>;
}

/** What a bus takes. */
export interface BusOptions {
  /** The channel. Default: `hotset:bus:` and the prefix of the tiered cache. */
  readonly channel?: string | undefined;
  /** How often each process says that it is there; keep it well below the `maxSilentMs` of the tiered cache. Default: 3,000. */
  readonly heartbeatMs?: number | undefined;
  /** The longest message, in characters; more keys become several. Default: 65,536. */
  readonly maxMessageLength?: number | undefined;
  /** How many senders are followed at a time. Default: 10,000. */
  readonly maxSenders?: number | undefined;
  /** Names this process; no other may have it. Default: a random UUID. */
  readonly id?: string | undefined;
  /** That of the tiered cache. Default: the monotonic clock. */
  readonly clock?: Clock | undefined;
  /** Default: `setTimeout`. */
  readonly scheduler?: Scheduler | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof BusOptions>([
  'channel',
  'heartbeatMs',
  'maxMessageLength',
  'maxSenders',
  'id',
  'clock',
  'scheduler',
]);

/** Figures of a bus. A frozen snapshot. */
export interface BusStats {
  /** Changes that others have sent. */
  readonly received: number;
  /** How often a message was missing. */
  readonly gaps: number;
  /** Messages that were none, or too large. */
  readonly ignored: number;
  /** Messages of a later version. */
  readonly unreadable: number;
  /** Senders that are followed. */
  readonly senders: number;
  /** Heartbeats that could not be sent. */
  readonly heartbeatFailures: number;
}

const VERSION = 1;
const MAX_ID_LENGTH = 64;
/** What a message takes beside its keys and tags, at most. */
const ENVELOPE_LENGTH = 192 + MAX_ID_LENGTH * 6;
const NOTHING: readonly string[] = [];

/** A message as it was received. */
interface Received extends InvalidationMessage {
  readonly from: string;
  readonly after: number;
  /** Undefined for a heartbeat. */
  readonly n: number | undefined;
  readonly at: number | undefined;
}

/** An invalidation source over a pub/sub transport. One for each tiered cache. */
export class InvalidationBus implements InvalidationSource {
  /** `bus`, and the transport's name. */
  readonly name: string;
  readonly #transport: BusTransport;
  readonly #options: {
    readonly channel: string | undefined;
    readonly heartbeatMs: number;
    readonly maxMessageLength: number;
    readonly maxSenders: number;
    readonly id: string;
    readonly clock: Clock;
    readonly scheduler: Scheduler;
  };
  readonly #counters = { received: 0, gaps: 0, ignored: 0, unreadable: 0, heartbeatFailures: 0 };
  /** By sender, the one heard of longest ago first: the last message seen. */
  readonly #seen = new Map<string, number>();
  #channel = '';
  #prefix = '';
  #listener: InvalidationListener | null = null;
  #unsubscribe: (() => Promise<void>) | null = null;
  #heartbeat: Timer | null = null;
  /** The number of the last message. */
  #sent = 0;
  /** The last message that has not failed. */
  #after = 0;

  /** Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`. */
  constructor(transport: BusTransport, options: BusOptions = {}) {
    if (typeof transport?.publish !== 'function' || typeof transport.subscribe !== 'function')
      throw invalidArgument('transport', 'an object with publish() and subscribe()', transport);
    rejectUnknownOptions(options, OPTIONS);
    const { channel, id = globalThis.crypto.randomUUID(), heartbeatMs = 3_000 } = options;
    if (channel !== undefined && (typeof channel !== 'string' || channel === ''))
      throw invalidOption('channel', 'a text', channel);
    if (!isId(id)) throw invalidOption('id', `a text of up to ${MAX_ID_LENGTH} characters`, id);
    if (typeof heartbeatMs !== 'number' || !(heartbeatMs > 0))
      throw invalidOption('heartbeatMs', 'milliseconds, more than 0', heartbeatMs);
    this.#transport = transport;
    this.#options = {
      channel,
      id,
      heartbeatMs,
      maxMessageLength: countOption('maxMessageLength', options.maxMessageLength, 65_536, 1_024),
      maxSenders: countOption('maxSenders', options.maxSenders, 10_000, 1),
      clock: methodOption('clock', 'now', options.clock, monotonicClock),
      scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    };
    this.name = `bus over ${transport.name}`;
  }

  /** Subscribes. Throws what the transport throws. */
  start(prefix: string, listener: InvalidationListener): void {
    this.#prefix = prefix;
    this.#channel = this.#options.channel ?? `hotset:bus:${prefix}`;
    this.#listener = listener;
    this.#unsubscribe = this.#transport.subscribe(
      this.#channel,
      (text) => this.#onMessage(text),
      (isUp, error) => this.#onLink(isUp, error),
    );
  }

  /** Unsubscribes. Rejects with what the transport rejects with. */
  async stop(): Promise<void> {
    this.#listener = null;
    this.#heartbeat?.cancel();
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = null;
    await unsubscribe?.();
  }

  /**
   * Tells the others, in several messages where there are many keys. Rejects with what the transport rejects with: what the
   * message says must then be said again, alone or with more.
   */
  async publish({ keys = NOTHING, tags = NOTHING, all = false }: InvalidationMessage): Promise<void> {
    if (all) return this.#send({ all });
    let part: { keys: string[]; tags: string[] } = { keys: [], tags: [] };
    let length = ENVELOPE_LENGTH;
    const names = [
      ...keys.map((key) => ['keys', key] as const),
      ...tags.map((tag) => ['tags', tag] as const),
    ];
    for (const [kind, name] of names) {
      const nameLength = JSON.stringify(name).length + 1;
      // It cannot be named.
      if (ENVELOPE_LENGTH + nameLength > this.#options.maxMessageLength) return this.#send({ all: true });
      if (length + nameLength > this.#options.maxMessageLength) {
        await this.#send(part);
        part = { keys: [], tags: [] };
        length = ENVELOPE_LENGTH;
      }
      part[kind].push(name);
      length += nameLength;
    }
    if (length > ENVELOPE_LENGTH) await this.#send(part);
  }

  /** A frozen snapshot of what it has sent and received. */
  stats(): BusStats {
    return Object.freeze({ ...this.#counters, senders: this.#seen.size });
  }

  async #send({ keys = NOTHING, tags = NOTHING, all }: InvalidationMessage): Promise<void> {
    const after = this.#after;
    const n = ++this.#sent;
    this.#after = n;
    const text = JSON.stringify({
      v: VERSION,
      from: this.#options.id,
      n,
      after,
      ...(keys.length > 0 && { keys }),
      ...(tags.length > 0 && { tags }),
      ...(all && { all }),
    });
    try {
      await this.#transport.publish(this.#channel, text);
    } catch (error) {
      if (this.#after === n) this.#after = after;
      throw error;
    }
  }

  #onLink(isUp: boolean, error?: unknown): void {
    const listener = this.#listener;
    if (listener === null) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = null;
    if (!isUp) {
      listener.disconnected(error);
      return;
    }
    listener.connected();
    listener.alive?.(this.#options.clock.now());
    this.#beat();
  }

  /** Says that it is there, and goes on doing so. */
  #beat(): void {
    const { id, clock, heartbeatMs, scheduler } = this.#options;
    this.#heartbeat = new Timer(scheduler, heartbeatMs, () => this.#beat());
    const text = JSON.stringify({ v: VERSION, from: id, after: this.#after, at: clock.now() });
    // Being async, it turns what is thrown into a rejection.
    (async () => this.#transport.publish(this.#channel, text))().catch(() => {
      this.#counters.heartbeatFailures++;
    });
  }

  #onMessage(text: string): void {
    const listener = this.#listener;
    if (listener === null) return;
    const message = parsed(text, this.#options.maxMessageLength);
    if (message === 'ignored') this.#counters.ignored++;
    else if (message === 'unreadable') {
      this.#counters.unreadable++;
      listener.allChanged();
    } else if (message.from === this.#options.id) {
      if (message.at !== undefined) listener.alive?.(message.at);
    } else this.#apply(message, listener);
  }

  #apply(
    { from, n, after, keys = NOTHING, tags = NOTHING, all }: Received,
    listener: InvalidationListener,
  ): void {
    const seen = this.#seen.get(from) ?? 0;
    this.#follow(from, Math.max(seen, n ?? after));
    if (n !== undefined) this.#counters.received++;
    if (seen < after) this.#counters.gaps++;
    if (seen < after || all === true) {
      listener.allChanged();
      return;
    }
    const concerned = keys.filter((key) => key.startsWith(this.#prefix));
    if (concerned.length > 0) listener.keysChanged(concerned);
    if (tags.length > 0) listener.tagsInvalidated?.(tags);
  }

  #follow(from: string, seen: number): void {
    this.#seen.delete(from);
    this.#seen.set(from, seen);
    if (this.#seen.size <= this.#options.maxSenders) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      return;
    }
  }
}

/** `unreadable` for a message of a later version. Throws nothing. */
function parsed(text: unknown, maxLength: number): Received | 'ignored' | 'unreadable' {
  if (typeof text !== 'string' || text.length > maxLength) return 'ignored';
  let message: Partial<Record<string, unknown>> | null;
  try {
    message = JSON.parse(text);
  } catch {
    return 'ignored';
  }
  if (typeof message !== 'object' || message === null) return 'ignored';
  const { v, from, n, after, at, keys, tags, all } = message;
  if (isCount(v) && v > VERSION) return 'unreadable';
  if (v !== VERSION || !isId(from) || !isCount(after)) return 'ignored';
  if (n === undefined) {
    if (typeof at !== 'number') return 'ignored';
  } else if (!isCount(n) || n <= after || at !== undefined) return 'ignored';
  if (!isNames(keys) || !isNames(tags) || (all !== undefined && all !== true)) return 'ignored';
  return {
    from,
    n: n as number | undefined,
    after,
    at: at as number | undefined,
    ...(keys !== undefined && { keys }),
    ...(tags !== undefined && { tags }),
    ...(all === true && { all }),
  };
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH;
}

function isCount(count: unknown): count is number {
  return Number.isSafeInteger(count) && (count as number) >= 0;
}

function isNames(names: unknown): names is readonly string[] | undefined {
  return names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'));
}

function countOption(name: string, value: number | undefined, defaultValue: number, min: number): number {
  if (value === undefined) return defaultValue;
  if (!Number.isSafeInteger(value) || value < min)
    throw invalidOption(name, `a whole number from ${min}`, value);
  return value;
}
