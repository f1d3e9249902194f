/** What the parts of this room hand to each other: subscribers, topics and invalidations. */

import type { Notifications } from '../../../rpc-protocol.js';

/** One connection, as the broadcaster sees it. */
export interface Subscriber {
  /** Sends `count` invalidations in one frame, which other subscribers may get as well. */
  notify(frame: Buffer, count: number): void;
  /** So many invalidations are lost. */
  drop(count: number): void;
}

/** One `subscribe`. */
export interface Subscription {
  readonly subscriber: Subscriber;
  /** Leaves out what the subscriber itself has changed. */
  readonly noEcho: boolean;
  readonly topics: Topic[];
}

/**
 * A key or prefix, and all who have subscribed to it. A client that has subscribed to it several times is one member, so that a
 * change costs time for each client, not for each subscription.
 */
export class Topic {
  /** As the engine holds it. */
  readonly text: string;
  readonly isPrefix: boolean;
  /** What its members are to get at the end of this turn. */
  pending: Invalidation[] = [];
  readonly #members = new Map<Subscriber, Membership>();

  constructor(text: string, isPrefix: boolean) {
    this.text = text;
    this.isPrefix = isPrefix;
  }

  /** Clients. */
  get size(): number {
    return this.#members.size;
  }

  subscribers(): Iterable<Subscriber> {
    return this.#members.keys();
  }

  members(): Iterable<[Subscriber, Membership]> {
    return this.#members;
  }

  join({ subscriber, noEcho }: Subscription): void {
    let member = this.#members.get(subscriber);
    if (member === undefined) {
      member = { withEcho: 0, withoutEcho: 0 };
      this.#members.set(subscriber, member);
    }
    member[noEcho ? 'withoutEcho' : 'withEcho']++;
  }

  /** For one that has joined. */
  leave({ subscriber, noEcho }: Subscription): void {
    const member = this.#members.get(subscriber)!;
    member[noEcho ? 'withoutEcho' : 'withEcho']--;
    if (member.withEcho + member.withoutEcho === 0) this.#members.delete(subscriber);
  }
}

/** A client's subscriptions to a topic, by whether they want its own changes. */
export interface Membership {
  withEcho: number;
  withoutEcho: number;
}

export type InvalidationCause = Notifications['invalidated']['cause'] | 'cleared';

/** What has happened to a key in one turn of the event loop. */
export interface Invalidation {
  /** Null for all keys. */
  readonly key: string | null;
  /** The last one. */
  cause: InvalidationCause;
  /** Who made every one of the changes; null for several, and for what no client here has made. */
  origin: Subscriber | null;
  /** Its notification, once that has been made. */
  json: string | null;
}
