/**
 * Changes that the second tier has not acknowledged: it may still have the old value, or have a new one that the others do not
 * know of. They are made again, as deletions, until it acknowledges them. Bounded: above `maxQueued` everything is to be
 * cleared. What is to be repaired is not read from the tier.
 *
 * Adding and asking are O(1); an attempt is O(what it repairs), of at most 500 keys or tags.
 */

import { type Scheduler, Timer } from '../scheduler.js';

export interface RepairOptions {
  readonly maxQueued: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly scheduler: Scheduler;
}

/** What is made again. Resolves to whether the tier has acknowledged it. */
export interface Repairer {
  deleteKeys(keys: readonly string[]): Promise<boolean>;
  renewTags(tags: readonly string[]): Promise<boolean>;
  clear(): Promise<boolean>;
}

const AT_ONCE = 500;

export class Repairs {
  readonly #options: RepairOptions;
  readonly #repairer: Repairer;
  /** With the number of their last failure. */
  readonly #keys: Map<string, number> = new Map();
  readonly #tags: Map<string, number> = new Map();
  /** The number of the last `clear` that failed; 0 for none. */
  #all = 0;
  #failures = 0;
  #pauseMs: number;
  #timer: Timer | undefined;
  #isRunning = false;
  #isStopped = false;

  constructor(options: RepairOptions, repairer: Repairer) {
    this.#options = options;
    this.#repairer = repairer;
    this.#pauseMs = options.baseMs;
  }

  get size(): number {
    return this.#keys.size + this.#tags.size + (this.#all === 0 ? 0 : 1);
  }

  /** Whether what the tier has under the key may be old. */
  concernsKey(key: string): boolean {
    return this.#all !== 0 || this.#keys.has(key);
  }

  concernsTags(tags: Iterable<string>): boolean {
    // Of everything, whatever its tags: those that failed before are no longer named.
    if (this.#all !== 0) return true;
    if (this.#tags.size > 0) for (const tag of tags) if (this.#tags.has(tag)) return true;
    return false;
  }

  addKey(key: string): void {
    this.#add(this.#keys, [key]);
  }

  addTags(tags: readonly string[]): void {
    this.#add(this.#tags, tags);
  }

  addAll(): void {
    this.#all = ++this.#failures;
    this.#keys.clear();
    this.#tags.clear();
    this.#plan();
  }

  /** How many changes have failed; for `settleKey`, to be asked for when a change begins. */
  get failures(): number {
    return this.#failures;
  }

  /** A change of the key that began after so many failures has been acknowledged. What has failed since then stays. */
  settleKey(key: string, failures: number): void {
    if ((this.#keys.get(key) ?? Number.POSITIVE_INFINITY) <= failures) this.#keys.delete(key);
  }

  /** Tries a last time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    if (!this.#isRunning && this.size > 0) await this.#attempt();
  }

  #add(queued: Map<string, number>, names: readonly string[]): void {
    if (this.#all !== 0) {
      // A clear that is under way may come too early for it.
      this.#all = ++this.#failures;
      return;
    }
    for (const name of names) queued.set(name, ++this.#failures);
    if (this.size > this.#options.maxQueued) this.addAll();
    else this.#plan();
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#isRunning || this.#isStopped || this.size === 0) return;
    this.#timer = new Timer(this.#options.scheduler, this.#pauseMs, () => {
      this.#timer = undefined;
      this.#isRunning = true;
      this.#attempt()
        .then(
          (isDone) => {
            this.#pauseMs = isDone ? this.#options.baseMs : Math.min(this.#pauseMs * 2, this.#options.maxMs);
          },
          () => {},
        )
        .finally(() => {
          this.#isRunning = false;
          this.#plan();
        })
        // A scheduler that throws: the next change that fails tries again.
        .catch(() => {});
    });
  }

  async #attempt(): Promise<boolean> {
    if (this.#all !== 0) {
      const all = this.#all;
      if (!(await this.#repairer.clear())) return false;
      if (this.#all === all) this.#all = 0;
      return true;
    }
    const isDone = await this.#repair(this.#keys, (keys) => this.#repairer.deleteKeys(keys));
    return isDone && (await this.#repair(this.#tags, (tags) => this.#repairer.renewTags(tags)));
  }

  async #repair(
    queued: Map<string, number>,
    repair: (names: readonly string[]) => Promise<boolean>,
  ): Promise<boolean> {
    const due = [...queued].slice(0, AT_ONCE);
    if (due.length === 0) return true;
    if (!(await repair(due.map(([name]) => name)))) return false;
    // One that failed again meanwhile stays.
    for (const [name, failure] of due) if (queued.get(name) === failure) queued.delete(name);
    return true;
  }
}
