/**
 * One server of a sharded tier: whether it is in use, and what may be read from it.
 *
 * A server goes **out** after failures in a row. It is tried again in the background, after waits that grow, and comes back
 * **in** when it is known to hold nothing older than what this process has written:
 *
 * - A write that the server has not acknowledged leaves an old value there, perhaps. Its key is **missed**: not read from this
 *   server until the server has acknowledged that it is deleted. So is each key that is written elsewhere while it is out.
 * - There are at most `maxMissedKeys` of them. After more, the whole server is **mistrusted**: it stays out until `empty` has
 *   emptied it.
 * - With an invalidation source, it stays out until that is connected.
 */

import { HotsetError } from '../errors.js';
import { scheduleHeld } from '../scheduler.js';
import { isRefusal } from '../tiered/refusals.js';
import type { SecondTier } from '../tiered/second-tier.js';
import type { ResolvedShard, ResolvedShardedTier } from './tier-options.js';

/** Figures of one server of a sharded tier. A frozen snapshot. */
export interface ShardStats {
  /** `'out'`: it has failed, and is not asked. */
  readonly state: 'in' | 'out';
  /** Calls of the server; one call may have many keys. */
  readonly calls: number;
  /** Calls that failed, timeouts among them. */
  readonly failures: number;
  /** Keys that were asked of it. */
  readonly reads: number;
  /** Those of them that it had. */
  readonly hits: number;
  /** How many times it went out. */
  readonly ejections: number;
  /** Keys that are not read from it, because it may have an old value. */
  readonly missedKeys: number;
  /** Whether it has to be emptied before it is used again. */
  readonly mistrusted: boolean;
}

/** The signal of what is done in the background. */
export const NEVER: AbortSignal = new AbortController().signal;
/** Keys in one request that deletes missed keys. */
const REPAIR_BATCH = 1000;
/** More than these is rare: then the server is emptied. */
const MAX_MISSED_PREFIXES = 100;
/** Read from a server that is out and has no missed keys, to see whether it answers. */
const PROBE_KEY = 'hotset:probe';

export class Shard {
  readonly name: string;
  readonly tier: SecondTier;
  readonly #empty: ResolvedShard['empty'];
  readonly #options: ResolvedShardedTier;
  readonly #onMove: () => void;
  #isIn = true;
  #isClosed = false;
  #failuresInRow = 0;
  #failingSinceMs = 0;
  /** Each with the number of the write that missed, so that an older acknowledgement does not clear it. */
  readonly #missed = new Map<string, number>();
  readonly #missedPrefixes = new Map<string, number>();
  #lastMiss = 0;
  /** The last miss when there had been too many of them; 0 for a server that need not be emptied. */
  #mistrustedAt = 0;
  /** Attempts to recover since the last that succeeded. */
  #attempts = 0;
  #isRecovering = false;
  #cancelRecovery: (() => void) | null = null;
  #calls = 0;
  #failures = 0;
  #reads = 0;
  #hits = 0;
  #ejections = 0;
  /** Whether the server's invalidation source is connected; true without one. */
  isLinked = true;

  /** `onMove` is called when the server has gone out, or come back in. */
  constructor({ name, tier, empty }: ResolvedShard, options: ResolvedShardedTier, onMove: () => void) {
    this.name = name;
    this.tier = tier;
    this.#empty = empty;
    this.#options = options;
    this.#onMove = onMove;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  /** Whether what the server has under `key` is at least as new as what this process has written. */
  isCurrent(key: string): boolean {
    if (this.#missed.has(key) || this.#mistrustedAt > 0) return false;
    if (this.#missedPrefixes.size === 0) return true;
    for (const prefix of this.#missedPrefixes.keys()) if (key.startsWith(prefix)) return false;
    return true;
  }

  countReads(reads: number, hits: number): void {
    this.#reads += reads;
    this.#hits += hits;
  }

  /**
   * What `work` does with the server, within `timeoutMs`. Counts failures, and puts the server out after too many. A caller who
   * gives up is the tier's own to notice: one that hangs is seen to hang all the same. `onLate`: an answer after the time limit.
   */
  call<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal = NEVER,
    onLate?: (result: T) => void,
  ): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#calls++;
    return new Promise<T>((resolve, reject) => {
      const { timeoutMs, scheduler } = this.#options;
      let isOver = false;
      const fail = (error: unknown, isServers: boolean): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        if (isServers) this.#onFailure(error);
        reject(error);
      };
      const cancel = scheduleHeld(scheduler, timeoutMs, () =>
        fail(
          new HotsetError('HOTSET_TIMEOUT', `${this.name} took longer than timeoutMs: ${timeoutMs}`),
          true,
        ),
      );
      const succeed = (result: T): void => {
        if (isOver) {
          onLate?.(result);
          return;
        }
        isOver = true;
        cancel();
        this.#failuresInRow = 0;
        resolve(result);
      };
      try {
        work(signal).then(succeed, (error) => fail(error, isServerError(error, signal)));
      } catch (error) {
        fail(error, isServerError(error, signal));
      }
    });
  }

  /** A write of these keys that, until it is acknowledged, leaves old values on the server. */
  async write<T>(
    keys: readonly string[],
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const before = keys.map((key) => this.#missed.get(key));
    try {
      const result = await this.call(work, signal);
      for (const [i, key] of keys.entries())
        if (before[i] !== undefined && this.#missed.get(key) === before[i]) this.#missed.delete(key);
      return result;
    } catch (error) {
      this.miss(keys);
      throw error;
    }
  }

  /** The server may have old values of these keys from now on. */
  miss(keys: Iterable<string>): void {
    const miss = ++this.#lastMiss;
    for (const key of keys) this.#missed.set(key, miss);
    this.#afterMiss();
  }

  /** The same for all keys with the prefix. */
  missPrefix(prefix: string): void {
    this.#missedPrefixes.set(prefix, ++this.#lastMiss);
    this.#afterMiss();
  }

  /** Its source is connected: it may come back in. */
  linked(): void {
    this.isLinked = true;
    if (!this.#isIn && !this.#isClosed) this.#recoverIn(0);
  }

  stats(): ShardStats {
    return Object.freeze({
      state: this.#isIn ? 'in' : 'out',
      calls: this.#calls,
      failures: this.#failures,
      reads: this.#reads,
      hits: this.#hits,
      ejections: this.#ejections,
      missedKeys: this.#missed.size,
      mistrusted: this.#mistrustedAt > 0,
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRecovery?.();
  }

  #onFailure(error: unknown): void {
    this.#failures++;
    const { failures, failingMs, clock } = this.#options;
    const now = clock.now();
    if (this.#failuresInRow++ === 0) this.#failingSinceMs = now;
    if (!this.#isIn) return;
    if (
      this.#failuresInRow >= failures ||
      (this.#failuresInRow > 1 && now - this.#failingSinceMs >= failingMs)
    )
      this.#putOut(error);
  }

  #putOut(error: unknown): void {
    this.#isIn = false;
    this.#ejections++;
    this.#attempts = 0;
    this.#recoverLater();
    this.#onMove();
    this.#report('out', error);
  }

  #afterMiss(): void {
    const { maxMissedKeys } = this.#options;
    if (this.#missed.size > maxMissedKeys || this.#missedPrefixes.size > MAX_MISSED_PREFIXES) {
      this.#missed.clear();
      this.#missedPrefixes.clear();
      this.#mistrustedAt = this.#lastMiss;
      if (this.#isIn)
        this.#putOut(
          new HotsetError(
            'HOTSET_TOO_MANY',
            `${this.name} has missed more writes than maxMissedKeys: ${maxMissedKeys}`,
          ),
        );
    }
    this.#recoverLater();
  }

  /** After a random half to whole of a wait that doubles. Does nothing while an attempt is due or under way. */
  #recoverLater(): void {
    if (this.#cancelRecovery !== null || this.#isRecovering || this.#isClosed) return;
    const { probeBaseMs, maxProbeMs, random } = this.#options;
    const longestMs = Math.min(maxProbeMs, probeBaseMs * 2 ** this.#attempts);
    this.#recoverIn((longestMs * (1 + random())) / 2);
  }

  #recoverIn(delayMs: number): void {
    this.#cancelRecovery?.();
    this.#cancelRecovery = this.#options.scheduler.schedule(delayMs, () => {
      this.#cancelRecovery = null;
      void this.#recover();
    });
  }

  async #recover(): Promise<void> {
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    let isDone = false;
    try {
      isDone = await this.#repair();
    } catch {
      // Counted by `call`. The next attempt comes later.
    }
    this.#isRecovering = false;
    if (this.#isClosed) return;
    if (!isDone) {
      this.#attempts++;
      this.#recoverLater();
      return;
    }
    this.#attempts = 0;
    // Writes have missed it meanwhile. That keeps nobody from the other keys.
    if (this.#missed.size + this.#missedPrefixes.size > 0) this.#recoverLater();
    if (this.#isIn) return;
    this.#isIn = true;
    this.#failuresInRow = 0;
    this.#onMove();
    this.#report('in');
  }

  /** Removes what the server should not have. Returns whether it may be used. */
  async #repair(): Promise<boolean> {
    const upTo = this.#lastMiss;
    if (this.#mistrustedAt > 0) {
      if (this.#empty === undefined) return false;
      await this.call(this.#empty);
      forget(this.#missed, this.#missed.keys(), upTo);
      forget(this.#missedPrefixes, this.#missedPrefixes.keys(), upTo);
      if (this.#mistrustedAt > upTo) return false;
      this.#mistrustedAt = 0;
    }
    const keys = [...this.#missed.keys()];
    const prefixes = [...this.#missedPrefixes.keys()];
    if (keys.length + prefixes.length === 0) await this.call((signal) => this.tier.get([PROBE_KEY], signal));
    for (const prefix of prefixes) {
      await this.call((signal) => this.tier.deletePrefix!(prefix, signal));
      forget(this.#missedPrefixes, [prefix], upTo);
    }
    for (let at = 0; at < keys.length; at += REPAIR_BATCH) {
      // A later write may have been acknowledged meanwhile.
      const batch = keys.slice(at, at + REPAIR_BATCH).filter((key) => this.#missed.get(key)! <= upTo);
      await this.call((signal) => this.tier.delete(batch, signal));
      forget(this.#missed, batch, upTo);
    }
    return this.#mistrustedAt === 0 && (this.#isIn || this.isLinked);
  }

  #report(state: 'in' | 'out', error?: unknown): void {
    try {
      this.#options.onStateChange(this.name, state, error);
    } catch {
      // It is for logs, and concerns no caller.
    }
  }
}

/** Takes out what was missed before, and not again since. */
function forget(missed: Map<string, number>, done: Iterable<string>, upTo: number): void {
  for (const key of done) if (missed.get(key)! <= upTo) missed.delete(key);
}

/** A caller that has given up says nothing of the server, unless its time limit has passed. */
function isServerError(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return isTimeout(signal.reason);
  return !isRefusal(error);
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'TimeoutError' || (error as { code?: string }).code === 'HOTSET_TIMEOUT')
  );
}
