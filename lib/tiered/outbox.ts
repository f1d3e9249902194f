/**
 * What a process has still to tell the others. One message is under way at a time; what comes meanwhile waits, and goes as
 * the next one, so that a burst costs few messages. What could not be sent waits as well, and is tried again after a growing,
 * random pause.
 *
 * It is bounded: at most `maxQueued` different keys and tags wait, and as many are under way. One more, and all of them
 * become "everything has changed". Sending a change twice, late, or after a later one, costs others a hit and nothing else.
 */

import { type Scheduler, Timer } from '../scheduler.js';
import type { InvalidationMessage } from './second-tier.js';

export interface OutboxOptions {
  readonly maxQueued: number;
  /** A message that is not sent by then counts as failed. */
  readonly sendTimeoutMs: number;
  readonly retryBaseMs: number;
  readonly maxRetryMs: number;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

/** Counters since the start. */
export interface OutboxCounters {
  /** Messages that were sent. */
  sent: number;
  /** Attempts that failed. */
  failures: number;
  /** How often too much waited, and became "everything has changed". */
  overflows: number;
}

/** Changes that go as one message. */
class Batch {
  readonly keys: Set<string> = new Set();
  readonly tags: Set<string> = new Set();
  all = false;
  /** Whether the first attempt to send it has succeeded. */
  readonly attempted: Promise<boolean>;
  end!: (isSent: boolean) => void;

  constructor() {
    this.attempted = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get size(): number {
    return this.all ? 1 : this.keys.size + this.tags.size;
  }

  /** False when that was too much: it stands for everything then. */
  add(keys: Iterable<string>, tags: Iterable<string>, all: boolean, maxSize: number): boolean {
    if (this.all) return true;
    if (all) {
      this.#become();
      return true;
    }
    for (const key of keys) {
      this.keys.add(key);
      if (this.size > maxSize) return this.#become();
    }
    for (const tag of tags) {
      this.tags.add(tag);
      if (this.size > maxSize) return this.#become();
    }
    return true;
  }

  toMessage(): InvalidationMessage {
    if (this.all) return { all: true };
    const { keys, tags } = this;
    return { ...(keys.size > 0 && { keys: [...keys] }), ...(tags.size > 0 && { tags: [...tags] }) };
  }

  #become(): false {
    this.all = true;
    this.keys.clear();
    this.tags.clear();
    return false;
  }
}

const NOTHING: readonly string[] = [];

export class Outbox {
  readonly counters: OutboxCounters = { sent: 0, failures: 0, overflows: 0 };
  readonly #send: (message: InvalidationMessage) => Promise<void>;
  readonly #options: OutboxOptions;
  #waiting = new Batch();
  #underWay: Batch | null = null;
  /** Runs while it waits before it tries again. */
  #retry: Timer | null = null;
  /** Attempts that failed since the last one that did not. */
  #failures = 0;
  #isClosed = false;

  constructor(send: (message: InvalidationMessage) => Promise<void>, options: OutboxOptions) {
    this.#send = send;
    this.#options = options;
  }

  /** Keys and tags that are not sent yet; 1 for everything. */
  get size(): number {
    return this.#waiting.size + (this.#underWay?.size ?? 0);
  }

  /**
   * Sends a change, at once or with the next message. Resolves to whether it was sent at the first attempt; if not, it is
   * tried again. Never rejects. O(1) for each key and tag.
   */
  add({ keys = NOTHING, tags = NOTHING, all = false }: InvalidationMessage): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const batch = this.#waiting;
    if (!batch.add(keys, tags, all, this.#options.maxQueued)) this.counters.overflows++;
    if (batch.size === 0) return Promise.resolve(true);
    if (this.#retry !== null) return Promise.resolve(false);
    this.#pump();
    return batch.attempted;
  }

  /** Tries again now what waits for its time: the link has come back. */
  retryNow(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#pump();
  }

  /** Tries a last time to send what there is; takes nothing more. Resolves after the attempt. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.retryNow();
    while (this.#underWay !== null) await this.#underWay.attempted;
  }

  #pump(): void {
    if (this.#underWay !== null || this.#waiting.size === 0) return;
    const batch = this.#waiting;
    this.#waiting = new Batch();
    this.#underWay = batch;
    const end = (isSent: boolean): void => {
      if (this.#underWay !== batch) return;
      timer?.cancel();
      this.#underWay = null;
      if (isSent) this.#succeed(batch);
      else this.#fail(batch);
    };
    const timer = this.#timer(this.#options.sendTimeoutMs, () => end(false));
    // Being async, it turns what is thrown into a rejection.
    (async () => this.#send(batch.toMessage()))().then(
      () => end(true),
      () => end(false),
    );
  }

  #succeed(batch: Batch): void {
    this.counters.sent++;
    this.#failures = 0;
    batch.end(true);
    this.#pump();
  }

  #fail(batch: Batch): void {
    const { maxQueued, retryBaseMs, maxRetryMs, random } = this.#options;
    this.counters.failures++;
    // Nobody who waits is kept waiting for the next attempt.
    const later = this.#waiting;
    this.#waiting = new Batch();
    for (const { keys, tags, all } of [batch, later])
      if (!this.#waiting.add(keys, tags, all, maxQueued)) this.counters.overflows++;
    batch.end(false);
    later.end(false);
    if (this.#isClosed) return;
    const pauseMs = Math.min(retryBaseMs * 2 ** this.#failures++, maxRetryMs);
    this.#retry = this.#timer(pauseMs * (0.5 + random() / 2), () => this.retryNow());
  }

  /** Null where the user's scheduler throws: then the next change is what tries again. */
  #timer(delayMs: number, task: () => void): Timer | null {
    try {
      return new Timer(this.#options.scheduler, delayMs, task);
    } catch {
      return null;
    }
  }
}
