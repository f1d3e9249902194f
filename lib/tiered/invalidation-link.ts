/**
 * The link between a first tier and those who change what it holds: it passes on what its source reports, knows whether the
 * first tier may be read, and tells the others about changes where only a bus can.
 *
 * The first tier is trusted
 *
 * - from `connected` on, after it was emptied, and while the link is up;
 * - for `maxStaleMs` more once the link is lost. It is lost when the source says so, or when the source has been silent for
 *   `maxSilentMs`, counted from the last message that proves that nothing before it is missing. Only a source that ever calls
 *   `alive` is held to the latter.
 *
 * So what such a first tier answers was right at most `maxSilentMs + maxStaleMs` ago, whatever the network does. A link
 * that was only silent, and is heard again, has missed nothing: the first tier is trusted again as it is.
 *
 * Without a source there is no link: the first tier is always trusted, and only its entries' own times bound their age.
 * Reading `isTrusted` is O(1) and reads a clock at most once.
 */

import { type Clock, monotonicClock, Timekeeper } from '../engine/clock.js';
import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, methodOption } from '../options.js';
import { type Scheduler, systemScheduler } from '../scheduler.js';
import { Outbox, type OutboxOptions } from './outbox.js';
import type { InvalidationListener, InvalidationMessage, InvalidationSource } from './second-tier.js';

/** What a tiered cache does when the link to those who change its keys is lost, and with messages that it cannot send. */
export interface InvalidationOptions {
  /** How long the first tier is still read after the link is lost. Default: 0, it goes out of use at once. */
  readonly maxStaleMs?: number | undefined;
  /** How long the link may be silent before it counts as lost, where the source gives signs of life. Default: 15,000. */
  readonly maxSilentMs?: number | undefined;
  /** How many keys and tags wait to be sent over a bus; beyond that they become "everything has changed". Default: 10,000. */
  readonly maxQueued?: number | undefined;
  /** When a message over a bus that was not sent counts as failed. Default: 2,000. */
  readonly sendTimeoutMs?: number | undefined;
  /** The pause before a message is tried again, to begin with; it doubles with each failure. Default: 100. */
  readonly retryBaseMs?: number | undefined;
  /** The longest such pause. Default: 10,000. */
  readonly maxRetryMs?: number | undefined;
  /** Of which `alive` of the source speaks. Default: the monotonic clock. */
  readonly clock?: Clock | undefined;
  /** Default: `setTimeout`. */
  readonly scheduler?: Scheduler | undefined;
  /** Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedInvalidation extends OutboxOptions {
  readonly maxStaleMs: number;
  readonly maxSilentMs: number;
  readonly clock: Clock;
}

/** The names of `InvalidationOptions`. */
export const INVALIDATION_OPTIONS: ReadonlySet<string> = new Set<keyof InvalidationOptions>([
  'maxStaleMs',
  'maxSilentMs',
  'maxQueued',
  'sendTimeoutMs',
  'retryBaseMs',
  'maxRetryMs',
  'clock',
  'scheduler',
  'random',
]);

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveInvalidation(options: InvalidationOptions = {}): ResolvedInvalidation {
  rejectUnknownOptions(options, INVALIDATION_OPTIONS);
  const { maxStaleMs = 0, maxQueued = 10_000 } = options;
  if (typeof maxStaleMs !== 'number' || !(maxStaleMs >= 0))
    throw invalidOption('maxStaleMs', 'milliseconds, 0 or more', maxStaleMs);
  if (!Number.isSafeInteger(maxQueued) || maxQueued < 1)
    throw invalidOption('maxQueued', 'a whole number from 1', maxQueued);
  return {
    maxStaleMs,
    maxQueued,
    maxSilentMs: positiveMs('maxSilentMs', options.maxSilentMs, 15_000),
    sendTimeoutMs: positiveMs('sendTimeoutMs', options.sendTimeoutMs, 2_000),
    retryBaseMs: positiveMs('retryBaseMs', options.retryBaseMs, 100),
    maxRetryMs: positiveMs('maxRetryMs', options.maxRetryMs, 10_000),
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    random: functionOption('random', options.random, Math.random),
  };
}

function positiveMs(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0))
    throw invalidOption(name, 'milliseconds, more than 0', value);
  return value;
}

/** What holds the first tier. None of these may throw. */
export interface InvalidationTarget {
  keysChanged(keys: readonly string[]): void;
  tagsInvalidated(tags: readonly string[]): void;
  allChanged(): void;
}

/**
 * - `none`: there is no source.
 * - `stopped`: before `start`, and after `stop`.
 * - `connecting`: it has never been up.
 * - `silent`: it looks up, and nothing has proved that for `maxSilentMs`.
 */
export type LinkState = 'none' | 'stopped' | 'connecting' | 'up' | 'silent' | 'lost';

/** Figures of the link. A frozen snapshot. */
export interface LinkStats {
  /** The source's name; null without one. */
  readonly source: string | null;
  /** Whether changes of others are reported now. */
  readonly state: LinkState;
  /** Whether the first tier may be read. */
  readonly isTrusted: boolean;
  /** How often the link came up; each time the first tier was emptied. */
  readonly connects: number;
  /** How often it was lost, or an attempt failed. */
  readonly disconnects: number;
  /** Keys that were reported as changed. */
  readonly keysChanged: number;
  /** Tags that were reported as invalidated. */
  readonly tagsInvalidated: number;
  /** How often the source reported that everything may have changed. */
  readonly allChanged: number;
  /** Messages that were sent over the bus. */
  readonly sent: number;
  /** Attempts to send one that failed. */
  readonly sendFailures: number;
  /** Keys and tags that are still to be sent. */
  readonly queued: number;
  /** How often too many of them waited, and became "everything has changed". */
  readonly overflows: number;
}

/** A source has one listener: with a second one the first would hear nothing more. */
const inUse: WeakSet<InvalidationSource> = new WeakSet();

/** One for each tiered cache. */
export class InvalidationLink {
  readonly #source: InvalidationSource | null;
  readonly #prefix: string;
  readonly #options: ResolvedInvalidation;
  readonly #target: InvalidationTarget;
  readonly #time: Timekeeper;
  /** Null where no message is to be sent: the source sees the changes itself. */
  readonly #outbox: Outbox | null;
  #state: Exclude<LinkState, 'silent'>;
  /** Up to when nothing is missing. */
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  /** The first tier is trusted from `#syncedAtMs` until then; `Infinity` where only the source ends it. */
  #trustedUntilMs = Number.NEGATIVE_INFINITY;
  /** The source gives signs of life. */
  #hasSigns = false;
  #connects = 0;
  #disconnects = 0;
  #keysChanged = 0;
  #tagsInvalidated = 0;
  #allChanged = 0;

  /** `prefix`: keys of the second tier that begin with it are of interest. */
  constructor(
    source: InvalidationSource | null,
    prefix: string,
    options: ResolvedInvalidation,
    target: InvalidationTarget,
  ) {
    this.#source = source;
    this.#prefix = prefix;
    this.#options = options;
    this.#target = target;
    this.#time = new Timekeeper(options.clock);
    this.#state = source === null ? 'none' : 'stopped';
    if (source === null) this.#trustedUntilMs = Number.POSITIVE_INFINITY;
    const publish = source?.publish?.bind(source);
    this.#outbox = publish === undefined ? null : new Outbox(publish, options);
  }

  /** Whether the first tier may be read. A clock that was set back makes nothing trusted. */
  get isTrusted(): boolean {
    if (this.#trustedUntilMs === Number.POSITIVE_INFINITY) return true;
    if (this.#trustedUntilMs === Number.NEGATIVE_INFINITY) return false;
    return this.isTrustedAt(this.#time.now());
  }

  /** The same for a caller who knows the time of the link's clock. Reads none. */
  isTrustedAt(nowMs: number): boolean {
    return (
      this.#trustedUntilMs === Number.POSITIVE_INFINITY ||
      (nowMs >= this.#syncedAtMs && nowMs < this.#trustedUntilMs)
    );
  }

  get state(): LinkState {
    return this.#state === 'up' && this.#isSilent() ? 'silent' : this.#state;
  }

  /** Connects. Throws what the source's `start` throws, and `HOTSET_INVALID_OPTION` for a source of another link. */
  start(): void {
    if (this.#state !== 'stopped' || this.#source === null) return;
    if (inUse.has(this.#source))
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        'source takes one that no other cache uses: make a source for each',
      );
    this.#state = 'connecting';
    try {
      this.#source.start(this.#prefix, this.#listener);
      inUse.add(this.#source);
    } catch (error) {
      this.#state = 'stopped';
      throw error;
    }
  }

  /**
   * Tries a last time to send what is queued, and disconnects; the first tier is not trusted from now on. Rejects with what the
   * source's `stop` rejects with.
   */
  async stop(): Promise<void> {
    if (this.#source === null || this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#trustedUntilMs = Number.NEGATIVE_INFINITY;
    try {
      await this.#outbox?.close();
      await this.#source.stop();
    } finally {
      inUse.delete(this.#source);
    }
  }

  /**
   * Tells the others, to be called after the second tier has acknowledged the change. Resolves to true when they have been
   * told or see it without; to false when the message waits to be tried again. Never rejects. O(1) for each key and tag.
   */
  publish(change: InvalidationMessage): Promise<boolean> {
    return this.#outbox === null ? Promise.resolve(true) : this.#outbox.add(change);
  }

  stats(): LinkStats {
    const { sent = 0, failures = 0, overflows = 0 } = this.#outbox?.counters ?? {};
    return Object.freeze({
      source: this.#source?.name ?? null,
      state: this.state,
      isTrusted: this.isTrusted,
      connects: this.#connects,
      disconnects: this.#disconnects,
      keysChanged: this.#keysChanged,
      tagsInvalidated: this.#tagsInvalidated,
      allChanged: this.#allChanged,
      sent,
      sendFailures: failures,
      queued: this.#outbox?.size ?? 0,
      overflows,
    });
  }

  readonly #listener: InvalidationListener = {
    connected: () => {
      if (this.#state === 'stopped') return;
      this.#connects++;
      this.#state = 'up';
      // Emptied before it is trusted: what it holds may have changed while nobody reported it.
      this.#target.allChanged();
      this.#sync(this.#time.now());
      this.#outbox?.retryNow();
    },
    disconnected: () => {
      if (this.#state === 'stopped') return;
      this.#disconnects++;
      if (this.#state !== 'up') return;
      this.#state = 'lost';
      const lostAtMs = this.#time.now();
      if (!this.#hasSigns) this.#syncedAtMs = lostAtMs;
      const bySilenceMs = this.#hasSigns ? this.#syncedAtMs + this.#options.maxSilentMs : lostAtMs;
      this.#trustedUntilMs = Math.min(lostAtMs, bySilenceMs) + this.#options.maxStaleMs;
    },
    alive: (sentAtMs) => {
      // The clock has whole milliseconds. A time to come proves nothing.
      const atMs = Math.floor(sentAtMs);
      if (this.#state !== 'up' || !(atMs <= this.#time.now())) return;
      this.#hasSigns = true;
      this.#sync(Math.max(atMs, this.#syncedAtMs));
    },
    keysChanged: (keys) => {
      if (this.#state === 'stopped') return;
      this.#keysChanged += keys.length;
      this.#target.keysChanged(keys);
    },
    tagsInvalidated: (tags) => {
      if (this.#state === 'stopped') return;
      this.#tagsInvalidated += tags.length;
      this.#target.tagsInvalidated(tags);
    },
    allChanged: () => {
      if (this.#state === 'stopped') return;
      this.#allChanged++;
      this.#target.allChanged();
    },
  };

  /** Nothing is missing up to `atMs`. */
  #sync(atMs: number): void {
    const { maxSilentMs, maxStaleMs } = this.#options;
    this.#syncedAtMs = atMs;
    this.#trustedUntilMs = this.#hasSigns ? atMs + maxSilentMs + maxStaleMs : Number.POSITIVE_INFINITY;
  }

  #isSilent(): boolean {
    return this.#hasSigns && this.#time.now() >= this.#syncedAtMs + this.#options.maxSilentMs;
  }
}
