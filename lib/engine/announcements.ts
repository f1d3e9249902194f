/**
 * What waits to be told to those who asked: removals to the removal listener, changes to subscribers. Told in the
 * order in which it happened, once, after the engine is consistent again, also when a listener causes more.
 *
 * An engine has one of these only while there is somebody to tell.
 */

import type { RemovalCause, RemovalListener } from './removal.js';

/**
 * What happened to an entry.
 *
 * - `stored`: a value was written, whatever was there. Told twice where an adapter has given it a version of its own.
 * - `touched`: the value is the same, but it expires sooner than it did, or an adapter gave it another version.
 * - `deleted`: `delete` was called, or a value that was refused as too large took it away.
 * - `evicted`, `expired`: as in `RemovalCause`.
 * - `cleared`: every entry is gone.
 */
export type ChangeCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired' | 'cleared';

export interface Change<K> {
  /** `undefined` when `cause` is `cleared`. */
  readonly key: K | undefined;
  readonly cause: ChangeCause;
  /** The version that the entry had then; `undefined` for an entry that is gone, and where versions have not begun. */
  readonly version: number | bigint | undefined;
}

/**
 * Told of changes, after the engine is consistent again: it may call the engine. What it throws reaches the caller
 * of the method that made the change, and the cache is intact.
 */
export type ChangeListener<K> = (change: Change<K>) => void;

interface Subscription<K> {
  readonly prefix: string;
  readonly listener: ChangeListener<K>;
}

interface Removal<K, V> {
  readonly key: K;
  readonly value: V;
  readonly removal: RemovalCause;
}

export class Announcements<K, V> {
  /** Who is told of removals, as the option `onRemoval` says. */
  readonly onRemoval: RemovalListener<K, V> | null;
  readonly #subscriptions = new Set<Subscription<K>>();
  #waiting: (Removal<K, V> | Change<K>)[] = [];
  #delivering = false;

  constructor(onRemoval: RemovalListener<K, V> | null) {
    this.onRemoval = onRemoval;
  }

  /** Whether there is anybody to tell. */
  get isHeard(): boolean {
    return this.onRemoval !== null || this.#subscriptions.size > 0;
  }

  /** Returns what ends the subscription. */
  subscribe(prefix: string, listener: ChangeListener<K>): () => void {
    const subscription = { prefix, listener };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  removed(key: K, value: V, removal: RemovalCause): void {
    if (this.onRemoval !== null) this.#waiting.push({ key, value, removal });
    // A write announces itself.
    if (removal !== 'replaced' && removal !== 'cleared') this.changed(key, removal, undefined);
  }

  changed(key: K | undefined, cause: ChangeCause, version: number | bigint | undefined): void {
    if (this.#subscriptions.size > 0) this.#waiting.push({ key, cause, version });
  }

  /**
   * Tells all that waits. Every listener is called even when an earlier one threw; one error is thrown as it is,
   * several as an AggregateError.
   */
  deliver(): void {
    if (this.#delivering || this.#waiting.length === 0) return;
    this.#delivering = true;
    const errors: unknown[] = [];
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        for (const announcement of batch) {
          if ('removal' in announcement) this.#tellRemoval(announcement, errors);
          else this.#tellChange(announcement, errors);
        }
      }
    } finally {
      this.#delivering = false;
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} calls of listeners failed`);
  }

  #tellRemoval({ key, value, removal }: Removal<K, V>, errors: unknown[]): void {
    try {
      this.onRemoval?.(key, value, removal);
    } catch (error) {
      errors.push(error);
    }
  }

  #tellChange(change: Change<K>, errors: unknown[]): void {
    for (const { prefix, listener } of this.#subscriptions) {
      if (!concerns(change, prefix)) continue;
      try {
        listener(change);
      } catch (error) {
        errors.push(error);
      }
    }
  }
}

/** Every key begins with the empty prefix, a text or not; every prefix is concerned when all is cleared. */
function concerns({ key, cause }: Change<unknown>, prefix: string): boolean {
  return prefix === '' || cause === 'cleared' || (typeof key === 'string' && key.startsWith(prefix));
}
