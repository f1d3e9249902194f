/**
 * Hears of the engine's changes for all subscribers of an endpoint, and tells them at the end of the turn: each key once, with
 * its last cause.
 *
 * It listens to the engine only while there are subscriptions. A change that concerns nobody is forgotten at once;
 * what is kept for the end of the turn is bounded, and subscribers hear of what is beyond as of any loss.
 */

import type { ItemStore, MemcachedEngine } from '../../../memcached/item-store.js';
import { deliver } from './fanout.js';
import { invalidationJson } from './invalidation-json.js';
import {
  type Invalidation,
  type InvalidationCause,
  type Subscriber,
  type Subscription,
  Topic,
} from './subscription.js';
import { SubscriptionIndex } from './subscription-index.js';

/** Keys told of after one turn. */
export const NOTICES_MAX_PER_TURN = 10_000;

/** What a client's request may do itself; what it evicts, or finds expired, is nobody's doing. */
const OWN_CAUSES: ReadonlySet<InvalidationCause> = new Set(['stored', 'touched', 'deleted', 'cleared']);

type Change = Parameters<Parameters<MemcachedEngine['subscribe']>[1]>[0];

/** What a client's request is about to change: a key, or, undefined, all of them. */
interface WriteOrigin {
  readonly subscriber: Subscriber;
  readonly key: string | undefined;
}

export class ChangeBroadcaster {
  readonly #items: ItemStore;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #index: SubscriptionIndex = new SubscriptionIndex();
  /** Every subscription: for what concerns all keys. */
  readonly #everybody: Topic = new Topic('', true);
  #unsubscribe: (() => void) | null = null;
  #isClosed = false;
  #act: WriteOrigin | null = null;
  /** What is to be told at the end of the turn, by key, and to whom. */
  readonly #notices = new Map<string, Invalidation>();
  #concerned: Topic[] = [];
  /** Changes beyond what is kept. */
  #lost = 0;
  #isWaiting = false;

  constructor(items: ItemStore, onError: ((error: unknown) => void) | undefined) {
    this.#items = items;
    this.#onError = onError;
  }

  /** What all subscriptions would take together, about, with one to these. O(characters). */
  bytesWith(prefixes: ReadonlySet<string>, keys: ReadonlySet<string>): number {
    let { bytes } = this.#index;
    for (const prefix of prefixes) bytes += this.#index.bytesFor(prefix, true);
    for (const key of keys) bytes += this.#index.bytesFor(key, false);
    return bytes;
  }

  /** Keys and prefixes are the engine's. O(characters). */
  subscribe(
    subscriber: Subscriber,
    prefixes: ReadonlySet<string>,
    keys: ReadonlySet<string>,
    noEcho: boolean,
  ): Subscription {
    const subscription: Subscription = { subscriber, noEcho, groups: [] };
    for (const prefix of prefixes) subscription.groups.push(this.#index.join(prefix, true, subscription));
    for (const key of keys) subscription.groups.push(this.#index.join(key, false, subscription));
    this.#everybody.join(subscription);
    if (!this.#isClosed)
      this.#unsubscribe ??= this.#items.engine.subscribe('', (change) => this.#onChange(change));
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    for (const group of subscription.groups) this.#index.leave(group, subscription);
    this.#everybody.leave(subscription);
    if (this.#everybody.size === 0) this.#stopListening();
  }

  /** What changes the key next, or with undefined all keys, is the subscriber's own doing. */
  beginWrite(subscriber: Subscriber, key: string | undefined): void {
    if (this.#unsubscribe !== null) this.#act = { subscriber, key };
  }

  endWrite(): void {
    this.#act = null;
  }

  /** Nobody is told of anything any more. */
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
    const author = this.#authorOf(key, cause);
    if (key === undefined) this.#noteAll(author);
    else if (this.#lost > 0) this.#lost++;
    else this.#note(key, cause, author);
  }

  #authorOf(key: string | undefined, cause: InvalidationCause): Subscriber | null {
    const act = this.#act;
    if (act === null || act.key !== key || !OWN_CAUSES.has(cause)) return null;
    // Once: what a listener in the process makes of it is not the client's doing.
    this.#act = null;
    return act.subscriber;
  }

  #note(key: string, cause: InvalidationCause, author: Subscriber | null): void {
    const known = this.#notices.get(key);
    if (known !== undefined) {
      known.cause = cause;
      if (known.author !== author) known.author = null;
      return;
    }
    const groups = this.#index.groupsOf(key);
    if (groups.length === 0) return;
    if (this.#notices.size === NOTICES_MAX_PER_TURN) {
      this.#lost = 1;
      return;
    }
    const notice = { key, cause, author, words: null };
    this.#notices.set(key, notice);
    for (const group of groups) this.#tellLater(group, notice);
  }

  /** All that was to be told of single keys is said with this. */
  #noteAll(author: Subscriber | null): void {
    const isSole = this.#concerned.every((group) => group.told.every((notice) => notice.author === author));
    const lost = this.#lost;
    this.#forget();
    this.#lost = lost;
    this.#tellLater(this.#everybody, {
      key: null,
      cause: 'cleared',
      author: isSole ? author : null,
      words: null,
    });
  }

  #tellLater(group: Topic, notice: Invalidation): void {
    if (group.told.length === 0) this.#concerned.push(group);
    group.told.push(notice);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#isWaiting = false;
    try {
      if (this.#lost > 0) this.#tellOfLoss(this.#lost + this.#notices.size);
      else deliver(this.#concerned, (notice) => invalidationJson(this.#items, notice));
    } catch (error) {
      this.#onError?.(error);
    }
    this.#forget();
  }

  #tellOfLoss(changes: number): void {
    for (const subscriber of [...this.#everybody.subscribers()]) subscriber.lag(changes);
  }

  #forget(): void {
    for (const group of this.#concerned) group.told = [];
    this.#concerned = [];
    this.#notices.clear();
    this.#lost = 0;
  }
}
