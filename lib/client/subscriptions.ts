/**
 * The client's subscriptions to changes on the server. All share its connection, on which the server sends each
 * invalidation once: this finds the listeners of each.
 *
 * After a reconnect every subscription is resumed before anything else is sent, and its listener is notified that it may
 * have missed changes.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import type { Notifications } from '../rpc-protocol.js';
import { broken, isObject, paramsJson } from './messages.js';
import type { RequestSpec } from './request-queue.js';

/**
 * What has happened. `stored`, `touched`, `deleted`, `evicted` and `expired` concern one key; after `cleared` (the cache was
 * flushed), `lagged` (the client read too slowly) and `reconnected` every key may have changed.
 */
export type InvalidationCause =
  | Notifications['invalidated']['cause']
  | Notifications['invalidatedAll']['cause']
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

/** Which changes to report: those of keys that begin with one of the prefixes (`''`: every key), or are one of the keys. */
export interface Topics {
  /** Report keys that begin with one of these; `''` is for every key. */
  prefixes?: readonly string[] | undefined;
  /** Report these keys. */
  keys?: readonly string[] | undefined;
  /**
   * Leave out what this client itself changed, except keys that another of its subscriptions has without `noEcho`.
   * Default: false.
   */
  noEcho?: boolean | undefined;
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
  readonly #active: Set<Subscription> = new Set();
  readonly #onError: (error: unknown) => void;
  /** Unsubscribes on the server. */
  readonly #unsubscribe: (subscription: number) => void;

  constructor(onError: (error: unknown) => void, unsubscribe: (subscription: number) => void) {
    this.#onError = onError;
    this.#unsubscribe = unsubscribe;
  }

  /** Adds one. Returns the function that ends it. Throws `HOTSET_INVALID_ARGUMENT`. */
  begin(topics: Topics, listener: InvalidationListener): RequestSpec<() => void> {
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    const params = topicsJson(topics);
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
        this.#active.add(subscription);
        return () => this.#leave(subscription);
      },
      onLate: (result) => this.#unsubscribe(numberOf(result)),
    };
  }

  /** Subscribes again to all that are active, on a new connection. */
  resume(): RequestSpec<void>[] {
    return [...this.#active].map((subscription) => ({
      method: 'subscribe',
      params: subscription.params,
      isRead: false,
      answer: (result) => {
        const number = numberOf(result);
        if (!this.#active.has(subscription)) {
          this.#unsubscribe(number);
          return;
        }
        subscription.number = number;
        this.#call(subscription, { key: undefined, cause: 'reconnected', version: null });
      },
    }));
  }

  /** The connection is gone, and the server's numbers with it. */
  interrupt(): void {
    for (const subscription of this.#active) subscription.number = null;
  }

  /** Calls the listeners that it concerns. O(subscriptions). */
  notify(invalidation: Invalidation): void {
    const { key } = invalidation;
    for (const subscription of this.#active) {
      const { keys, prefixes } = subscription;
      if (key === undefined || keys.has(key) || prefixes.some((prefix) => key.startsWith(prefix)))
        this.#call(subscription, invalidation);
    }
  }

  #call({ listener }: Subscription, invalidation: Invalidation): void {
    try {
      listener(invalidation);
    } catch (error) {
      this.#onError(error);
    }
  }

  #leave(subscription: Subscription): void {
    if (this.#active.delete(subscription) && subscription.number !== null)
      this.#unsubscribe(subscription.number);
  }
}

const TOPICS: ReadonlySet<string> = new Set<keyof Topics>(['prefixes', 'keys', 'noEcho']);

/** The params of `subscribe`. Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`. */
export function topicsJson(topics: Topics): string {
  if (typeof topics !== 'object' || topics === null)
    throw invalidArgument('topics', 'an object with prefixes or keys', topics);
  rejectUnknownOptions(topics, TOPICS);
  const { prefixes = [], keys = [], noEcho = false } = topics;
  const json = paramsJson('subscribe', { prefixes, keys, noEcho });
  if (prefixes.length + keys.length === 0)
    throw invalidArgument('topics', 'one prefix or key, or more', topics);
  return json;
}

function numberOf(result: unknown): number {
  const number = isObject(result) ? result.subscription : undefined;
  if (typeof number !== 'number') throw broken('a subscription without a number');
  return number;
}
