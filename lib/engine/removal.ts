/**
 * Why an entry left the cache.
 *
 * - `evicted`: no room in the budget (bytes or entries).
 * - `expired`: its time had passed.
 * - `replaced`: a write under the same key took its place, or was refused as too large.
 * - `deleted`: `delete` was called.
 * - `cleared`: `clear` was called.
 */
export type RemovalCause = 'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared';

/**
 * Told of every removal, after the engine is consistent again: it may call the engine. What it throws
 * reaches the caller of the method that removed the entry, and the cache is intact.
 */
export type RemovalListener<K, V> = (key: K, value: V, cause: RemovalCause) => void;

/** Removals that wait for their listener: delivered in order, once, also when a listener causes more. */
export class RemovalQueue<K, V> {
  readonly #listener: RemovalListener<K, V>;
  #waiting: { key: K; value: V; cause: RemovalCause }[] = [];
  #delivering = false;

  constructor(listener: RemovalListener<K, V>) {
    this.#listener = listener;
  }

  push(key: K, value: V, cause: RemovalCause): void {
    this.#waiting.push({ key, value, cause });
  }

  /**
   * Calls the listener for all that waits. Every listener call happens even when an earlier one threw;
   * one error is thrown as it is, several as an AggregateError.
   */
  deliver(): void {
    if (this.#delivering || this.#waiting.length === 0) return;
    this.#delivering = true;
    const errors: unknown[] = [];
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        for (const { key, value, cause } of batch) {
          try {
            this.#listener(key, value, cause);
          } catch (error) {
            errors.push(error);
          }
        }
      }
    } finally {
      this.#delivering = false;
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} calls of onRemoval failed`);
  }
}
