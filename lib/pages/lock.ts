/**
 * Locks of shards, in memory that threads share: one at a time for each thread, so that no two can wait for each other.
 *
 * A lock is a word: 0 while it is free, else the thread that holds it (see `ThreadTable`), with a sign once somebody
 * waits for its release. A thread may end at any instruction, because `worker.terminate()` does not ask. So waits are
 * short, and after each the waiter looks whether the holder is still alive; the lock of a dead one is taken over. Beside
 * the word lies a mark that is set while the shard changes: whoever takes a lock and finds the mark must empty the shard.
 *
 * Free: one compare and exchange to take it, one exchange to release it (17 ns together).
 */

/** 32-bit words of a lock: a cache line of its own, so that locks of different shards do not slow each other down. */
export const LOCK_WORDS = 16;

const HOLDER = 0;
const CHANGING = 1;
/** How often the lock was taken: shows a waiter that a holder is making progress. */
const TAKEN = 2;
/** How often the shard was emptied because a change was not ended. */
const EMPTIED = 3;

/** The sign of a lock's word: somebody waits, and the release wakes one. */
const WAITED_FOR = -0x80000000;

/** Looks at a held lock before a thread goes to sleep: some microseconds, since a sleep and its end take longer. */
const SPINS = 1000;

/** How long a waiter sleeps before it asks whether the holder lives. */
const WAIT_MS = 10;

/** What a lock must know about the threads. */
export interface Liveness {
  /** Whether the thread has ended; `heldMs` is how long it has held the same lock, at least. */
  hasEnded(thread: number, heldMs: number): boolean;
}

export class Locks {
  private readonly words: Int32Array;
  private readonly self: number;
  private readonly threads: Liveness;
  private readonly spins: number;

  /** `words`: `LOCK_WORDS` for each lock; `self`: the calling thread's number in `threads`. */
  constructor(words: Int32Array, self: number, threads: Liveness, spins: number = SPINS) {
    this.words = words;
    this.self = self;
    this.threads = threads;
    this.spins = spins;
  }

  /** Takes a lock, once whoever holds it has released it or is dead. False: this thread holds it already. */
  take(lock: number): boolean {
    const at = lock * LOCK_WORDS;
    const holder = Atomics.compareExchange(this.words, at + HOLDER, 0, this.self);
    if (holder !== 0) {
      if ((holder & ~WAITED_FOR) === this.self) return false;
      this.wait(at);
    }
    this.words[at + TAKEN]! += 1;
    return true;
  }

  release(lock: number): void {
    const at = lock * LOCK_WORDS + HOLDER;
    if (Atomics.exchange(this.words, at, 0) < 0) Atomics.notify(this.words, at, 1);
  }

  /** Whether a change of the shard was begun and not ended: it may be half done. */
  isHalfChanged(lock: number): boolean {
    return this.words[lock * LOCK_WORDS + CHANGING] !== 0;
  }

  /** The shard is going to change. Plain stores are enough: what a thread has written before its end is seen after it. */
  beginChange(lock: number): void {
    this.words[lock * LOCK_WORDS + CHANGING] = 1;
  }

  endChange(lock: number): void {
    this.words[lock * LOCK_WORDS + CHANGING] = 0;
  }

  /** The half-done change is gone, and all items with it. */
  noteEmptied(lock: number): void {
    this.words[lock * LOCK_WORDS + EMPTIED]! += 1;
    this.endChange(lock);
  }

  /** Another number where the shard was emptied meanwhile: walks that were under way are over. */
  timesEmptied(lock: number): number {
    return this.words[lock * LOCK_WORDS + EMPTIED]!;
  }

  /** The thread that holds a lock, or 0. */
  holderOf(lock: number): number {
    return Atomics.load(this.words, lock * LOCK_WORDS + HOLDER) & ~WAITED_FOR;
  }

  private wait(at: number): void {
    const { words, self, threads } = this;
    for (let spins = this.spins; spins > 0; spins--)
      if (Atomics.load(words, at) === 0 && Atomics.compareExchange(words, at, 0, self) === 0) return;
    // Others may have been woken for nothing or not at all, so whoever has slept leaves word that there may be more.
    const mine = self | WAITED_FOR;
    let taken = words[at + TAKEN]!;
    let heldMs = 0;
    for (;;) {
      const holder = Atomics.load(words, at);
      const waited = holder | WAITED_FOR;
      if (holder === 0) {
        if (Atomics.compareExchange(words, at, 0, mine) === 0) return;
      } else if (holder === waited || Atomics.compareExchange(words, at, holder, waited) === holder) {
        heldMs = words[at + TAKEN] === taken ? heldMs : 0;
        taken = words[at + TAKEN]!;
        if (Atomics.wait(words, at, waited, WAIT_MS) !== 'timed-out') continue;
        heldMs += WAIT_MS;
        if (!threads.hasEnded(waited & ~WAITED_FOR, heldMs)) continue;
        if (Atomics.compareExchange(words, at, waited, mine) === waited) return;
      }
    }
  }
}
