/**
 * Listens to the store's changes for all subscribers of an endpoint, and sends invalidations at the end of the turn:
 * one for each key, with its last cause.
 *
 * It listens only while there are subscriptions, and drops changes that match none. The changes kept until the end of the
 * turn are bounded; beyond the bound, subscribers get `lagged`.
 */

import type { ItemStore } from '../../../memcached/item-store.js';
import { deliver } from './fanout.js';
import {
  type Invalidation,
  type InvalidationCause,
  type Subscriber,
  type Subscription,
  Topic,
} from './subscription.js';
import { SubscriptionIndex } from './subscription-index.js';

/** Keys that are invalidated one by one after one turn. */
export const MAX_INVALIDATIONS_PER_TURN = 10_000;

/** Causes of a client's own write; what the write evicts, or finds expired, has no origin. */
const OWN_CAUSES: ReadonlySet<InvalidationCause> = new Set(['stored', 'touched', 'deleted', 'cleared']);

type Change = Parameters<Parameters<ItemStore['entries']['subscribe']>[1]>[0];

/** Who writes, and what: a key, or, undefined, all of them. */
interface WriteOrigin {
  readonly subscriber: Subscriber;
  readonly key: string | undefined;
}

export class ChangeBroadcaster {
  readonly #items: ItemStore;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #index: SubscriptionIndex = new SubscriptionIndex();
  /** Every subscription, for what concerns all keys. */
  readonly #all: Topic = new Topic('', true);
  #unsubscribe: (() => void) | null = null;
  #isClosed = false;
  #write: WriteOrigin | null = null;
  /** Of this turn, by key. */
  readonly #pending = new Map<string, Invalidation>();
  /** Topics that have any of them. */
  #topics: Topic[] = [];
  /** Changes beyond what is kept. */
  #lost = 0;
  #deliveryIsDue = false;

  constructor(items: ItemStore, onError: ((error: unknown) => void) | undefined) {
    this.#items = items;
    this.#onError = onError;
  }

  /** About how many bytes all subscriptions would take, with one more to these. O(characters). */
  bytesWith(prefixes: ReadonlySet<string>, keys: ReadonlySet<string>): number {
    let { bytes } = this.#index;
    for (const prefix of prefixes) bytes += this.#index.bytesFor(prefix, true);
    for (const key of keys) bytes += this.#index.bytesFor(key, false);
    return bytes;
  }

  /** Keys and prefixes are the store's. O(characters). */
  subscribe(
    subscriber: Subscriber,
    prefixes: ReadonlySet<string>,
    keys: ReadonlySet<string>,
    noEcho: boolean,
  ): Subscription {
    const subscription: Subscription = { subscriber, noEcho, topics: [] };
    for (const prefix of prefixes) subscription.topics.push(this.#index.join(prefix, true, subscription));
    for (const key of keys) subscription.topics.push(this.#index.join(key, false, subscription));
    this.#all.join(subscription);
    if (!this.#isClosed)
      this.#unsubscribe ??= this.#items.entries.subscribe('', (change) => this.#onChange(change));
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    for (const topic of subscription.topics) this.#index.leave(topic, subscription);
    this.#all.leave(subscription);
    if (this.#all.size === 0) this.#stopListening();
  }

  /** The next change of the key, or with undefined of all keys, is the subscriber's own write. */
  beginWrite(subscriber: Subscriber, key: string | undefined): void {
    if (this.#unsubscribe !== null) this.#write = { subscriber, key };
  }

  endWrite(): void {
    this.#write = null;
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
  }

  #stopListening(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#forget();
  }

  #onChange({ key, cause }: Change): void {
    const origin = this.#originOf(key, cause);
    if (key === undefined) this.#addAll(origin);
    else if (this.#lost > 0) this.#lost++;
    else this.#add(key, cause, origin);
  }

  #originOf(key: string | undefined, cause: InvalidationCause): Subscriber | null {
    const write = this.#write;
    if (write === null || write.key !== key || !OWN_CAUSES.has(cause)) return null;
    // Once: what a listener in the process changes after it is not the client's write.
    this.#write = null;
    return write.subscriber;
  }

  #add(key: string, cause: InvalidationCause, origin: Subscriber | null): void {
    const known = this.#pending.get(key);
    if (known !== undefined) {
      known.cause = cause;
      if (known.origin !== origin) known.origin = null;
      return;
    }
    const topics = this.#index.topicsOf(key);
    if (topics.length === 0) return;
    if (this.#pending.size === MAX_INVALIDATIONS_PER_TURN) {
      this.#lost = 1;
      return;
    }
    const invalidation = { key, cause, origin, json: null };
    this.#pending.set(key, invalidation);
    for (const topic of topics) this.#deliverLater(topic, invalidation);
  }

  /** Takes the place of all invalidations of single keys. */
  #addAll(origin: Subscriber | null): void {
    const isSole = this.#topics.every(({ pending }) => pending.every((other) => other.origin === origin));
    const lost = this.#lost;
    this.#forget();
    this.#lost = lost;
    this.#deliverLater(this.#all, {
      key: null,
      cause: 'cleared',
      origin: isSole ? origin : null,
      json: null,
    });
  }

  #deliverLater(topic: Topic, invalidation: Invalidation): void {
    if (topic.pending.length === 0) this.#topics.push(topic);
    topic.pending.push(invalidation);
    if (this.#deliveryIsDue) return;
    this.#deliveryIsDue = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#deliveryIsDue = false;
    try {
      if (this.#lost > 0) this.#dropAll(this.#lost + this.#pending.size);
      else deliver(this.#items, this.#topics);
    } catch (error) {
      this.#onError?.(error);
    }
    this.#items.endTurn();
    this.#forget();
  }

  #dropAll(count: number): void {
    for (const subscriber of [...this.#all.subscribers()]) subscriber.drop(count);
  }

  #forget(): void {
    for (const topic of this.#topics) topic.pending = [];
    this.#topics = [];
    this.#pending.clear();
    this.#lost = 0;
  }
}
