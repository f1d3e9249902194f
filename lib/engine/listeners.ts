/**
 * Pending reports: removals to the removal listener, changes to subscribers. Each is reported once, in the order in
 * which it happened, to the listeners of that moment, after the engine is consistent again. A listener may call the
 * engine and so cause more.
 */

import { HotsetError } from '../errors.js';
import type { Change, ChangeListener, RemovalCause, RemovalListener } from './types.js';

/** Rounds of removals and changes that listeners cause one after another within one call of the engine. */
const MAX_ROUNDS = 1000;
/** How many of them there may be, beside a hundred for each that the call itself caused: they may double each round. */
const MAX_CAUSED = 1_000_000;

interface Subscription<K> {
  readonly prefix: string;
  readonly listener: ChangeListener<K>;
  ended: boolean;
}

interface Report<K, V> {
  readonly removal: readonly [K, V, RemovalCause] | null;
  readonly change: Change<K> | null;
  readonly to: readonly Subscription<K>[];
}

export class Listeners<K, V> {
  readonly #onRemoval: RemovalListener<K, V> | null;
  /** Replaced when a subscription begins or ends, never changed in place. */
  #subscriptions: readonly Subscription<K>[] = [];
  #waiting: Report<K, V>[] = [];
  #delivering = false;

  constructor(onRemoval: RemovalListener<K, V> | null) {
    this.#onRemoval = onRemoval;
  }

  /** Whether there are listeners. */
  get hasListeners(): boolean {
    return this.#onRemoval !== null || this.#subscriptions.length > 0;
  }

  /** Whether single removals have to be reported when everything is cleared. */
  get hearsRemovals(): boolean {
    return this.#onRemoval !== null;
  }

  /** Returns a function that unsubscribes. */
  subscribe(prefix: string, listener: ChangeListener<K>): () => void {
    const subscription = { prefix, listener, ended: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => {
      subscription.ended = true;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    };
  }

  /** `value` is called where somebody listens. */
  removed(key: K, value: () => V, cause: RemovalCause): void {
    if (this.#onRemoval !== null)
      this.#waiting.push({ removal: [key, value(), cause], change: null, to: [] });
    // A write reports itself.
    if (cause !== 'replaced' && cause !== 'cleared') this.changed({ key, cause, version: undefined });
  }

  changed(change: Change<K>): void {
    const to = this.#subscriptions;
    if (to.length > 0) this.#waiting.push({ removal: null, change, to });
  }

  /**
   * Reports everything pending. Every listener is called even when an earlier one threw; one error is thrown as it
   * is, several as an AggregateError. Listeners that cause reports without end, such as one that stores again what
   * is evicted, are stopped with `HOTSET_LISTENER_LOOP`.
   */
  deliver(): void {
    if (this.#delivering || this.#waiting.length === 0) return;
    this.#delivering = true;
    const errors: unknown[] = [];
    let left = MAX_CAUSED + 100 * this.#waiting.length;
    try {
      for (let round = 0; this.#waiting.length > 0; round++) {
        const batch = this.#waiting;
        this.#waiting = [];
        left -= batch.length;
        if (round === MAX_ROUNDS || left < 0) errors.push(tooManyRounds(round, batch.length));
        else for (const report of batch) this.#report(report, errors);
      }
    } finally {
      this.#delivering = false;
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} calls of listeners failed`);
  }

  #report({ removal, change, to }: Report<K, V>, errors: unknown[]): void {
    const onRemoval = this.#onRemoval;
    if (removal !== null) attempt(() => onRemoval!(...removal), errors);
    if (change === null) return;
    for (const subscription of to) {
      const { prefix, listener } = subscription;
      // Every prefix is concerned when all is cleared.
      const concerns = change.cause === 'cleared' || hasPrefix(change.key, prefix);
      if (!subscription.ended && concerns) attempt(() => listener(change), errors);
    }
  }
}

function attempt(call: () => unknown, errors: unknown[]): void {
  try {
    const returned = call();
    if (returned instanceof Promise) returned.catch(warnOfRejection);
  } catch (error) {
    errors.push(error);
  }
}

interface Runtime {
  emitWarning?(warning: string, options: { code: string; detail: string }): void;
}

/** No caller awaits an async listener: its error must neither end the process nor be lost. */
function warnOfRejection(error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  (globalThis as { process?: Runtime }).process?.emitWarning?.('an async listener of a CacheEngine failed', {
    code: 'HOTSET_LISTENER_FAILED',
    detail,
  });
}

function tooManyRounds(rounds: number, dropped: number): HotsetError {
  return new HotsetError(
    'HOTSET_LISTENER_LOOP',
    `listeners have caused ${rounds} rounds of removals and changes within one call; ${dropped} are not reported`,
  );
}

/** Every key begins with the empty prefix, a text or not. */
export function hasPrefix(key: unknown, prefix: string): boolean {
  return prefix === '' || (typeof key === 'string' && key.startsWith(prefix));
}
