/**
 * Who is told of changes on the server. All subscriptions of a client share its connection, on which the server tells
 * each change once: whom it concerns is found out here.
 *
 * After a reconnect every subscription is taken up again before anything else is sent, and its listener is told
 * that it may have missed something.
 */

import { invalidArgument } from '../errors.js';
import { broken, isObject } from './messages.js';
import type { RequestSpec } from './request-queue.js';

/**
 * What has happened. `stored`, `touched`, `deleted`, `evicted` and `expired` are told of a key; `cleared` (the cache was
 * flushed), `lagged` (the client read too slowly) and `reconnected` of every key: it may have changed.
 */
export type InvalidationCause =
  | 'stored'
  | 'touched'
  | 'deleted'
  | 'evicted'
  | 'expired'
  | 'cleared'
  | 'lagged'
  | 'reconnected';

/** One change, as a subscription reports it. */
export interface Invalidation {
  /** `undefined` when every key may have changed. */
  readonly key: string | undefined;
  /** What happened. */
  readonly cause: InvalidationCause;
  /** The version that is there now; null when there is nothing, and where the server has no cas ids. */
  readonly version: string | null;
}

/** Called with each change of a subscription. */
export type InvalidationListener = (invalidation: Invalidation) => void;

/** Which changes to be told of: those of keys that begin with one of the prefixes (`''`: every key), or are one of the keys. */
export interface Topics {
  /** Report keys that begin with one of these; `''` is for every key. */
  prefixes?: readonly string[];
  /** Report these keys. */
  keys?: readonly string[];
  /**
   * Leave out what this client itself changed. A key that another subscription of this client asks for without
   * `noEcho` is told all the same. Default: false.
   */
  noEcho?: boolean;
}

interface Subscription {
  readonly params: string;
  readonly prefixes: readonly string[];
  readonly keys: ReadonlySet<string>;
  readonly listener: InvalidationListener;
  /** The server's number for it on this connection; null while there is none. */
  number: number | null;
}

export class Subscriptions {
  readonly #standing: Set<Subscription> = new Set();
  readonly #onError: (error: unknown) => void;
  /** Tells the server that a subscription is not wanted any more. */
  readonly #end: (subscription: number) => void;

  constructor(onError: (error: unknown) => void, end: (subscription: number) => void) {
    this.#onError = onError;
    this.#end = end;
  }

  /** A new one. The answer is what ends it. Throws `HOTSET_INVALID_ARGUMENT`. */
  begin(topics: Topics, listener: InvalidationListener): RequestSpec<() => void> {
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    const params = topicsText(topics);
    const { prefixes = [], keys = [] } = topics;
    const subscription: Subscription = {
      params,
      prefixes: [...prefixes],
      keys: new Set(keys),
      listener,
      number: null,
    };
    return {
      method: 'subscribe',
      params,
      // A subscription ends with its connection.
      isRead: true,
      answer: (result) => {
        subscription.number = numberOf(result);
        this.#standing.add(subscription);
        return () => this.#leave(subscription);
      },
      onLate: (result) => this.#end(numberOf(result)),
    };
  }

  /** Takes up all that stand, on a new connection. */
  resume(): RequestSpec<void>[] {
    return [...this.#standing].map((subscription) => ({
      method: 'subscribe',
      params: subscription.params,
      isRead: false,
      answer: (result) => {
        const number = numberOf(result);
        if (!this.#standing.has(subscription)) {
          this.#end(number);
          return;
        }
        subscription.number = number;
        this.#tell(subscription, { key: undefined, cause: 'reconnected', version: null });
      },
    }));
  }

  /** The connection is gone, and the server's numbers with it. */
  interrupt(): void {
    for (const subscription of this.#standing) subscription.number = null;
  }

  /** Tells those whom it concerns. O(subscriptions). */
  tell(invalidation: Invalidation): void {
    const { key } = invalidation;
    for (const subscription of this.#standing) {
      const { keys, prefixes } = subscription;
      if (key === undefined || keys.has(key) || prefixes.some((prefix) => key.startsWith(prefix)))
        this.#tell(subscription, invalidation);
    }
  }

  #tell({ listener }: Subscription, invalidation: Invalidation): void {
    try {
      listener(invalidation);
    } catch (error) {
      this.#onError(error);
    }
  }

  #leave(subscription: Subscription): void {
    if (this.#standing.delete(subscription) && subscription.number !== null) this.#end(subscription.number);
  }
}

/** The params of `subscribe`. Throws `HOTSET_INVALID_ARGUMENT`. */
export function topicsText(topics: Topics): string {
  if (typeof topics !== 'object' || topics === null)
    throw invalidArgument('topics', 'an object with prefixes or keys', topics);
  const { prefixes = [], keys = [], noEcho = false } = topics;
  checkTexts('prefixes', prefixes);
  checkTexts('keys', keys);
  if (prefixes.length + keys.length === 0)
    throw invalidArgument('topics', 'at least one prefix or key', topics);
  if (typeof noEcho !== 'boolean') throw invalidArgument('noEcho', 'true or false', noEcho);
  return JSON.stringify({ prefixes, keys, noEcho });
}

function checkTexts(name: string, texts: readonly string[]): void {
  if (!Array.isArray(texts) || texts.some((text) => typeof text !== 'string'))
    throw invalidArgument(name, 'an array of texts', texts);
}

function numberOf(result: unknown): number {
  const number = isObject(result) ? result.subscription : undefined;
  if (typeof number !== 'number') throw broken('a subscription without a number');
  return number;
}
