/** What the parts of this room hand to each other: who is told, of what, and with whom. */

/** One connection, as those see it who tell it of changes. */
export interface Subscriber {
  /** Tells of `notices` changes, in a frame that others may be sent as well. */
  tell(frame: Buffer, notices: number): void;
  /** There were so many changes that cannot be told. */
  lag(notices: number): void;
}

/** One `subscribe`. */
export interface Subscription {
  readonly subscriber: Subscriber;
  /** Leaves out what the subscriber itself has changed. */
  readonly noEcho: boolean;
  readonly groups: Topic[];
}

/**
 * All who have asked for the same key or prefix. However often one client has asked for it, it is one member: what
 * telling costs grows with clients, and not with subscriptions.
 */
export class Topic {
  /** As the engine holds it. */
  readonly text: string;
  readonly isPrefix: boolean;
  /** What they are to be told of this turn. */
  told: Invalidation[] = [];
  readonly #members = new Map<Subscriber, Membership>();

  constructor(text: string, isPrefix: boolean) {
    this.text = text;
    this.isPrefix = isPrefix;
  }

  /** Clients. */
  get size(): number {
    return this.#members.size;
  }

  /** Who they are. */
  subscribers(): Iterable<Subscriber> {
    return this.#members.keys();
  }

  /** Who they are, and how often they have asked. */
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

/** A client's subscriptions in a group, by whether they want to hear of its own changes. */
export interface Membership {
  withEcho: number;
  withoutEcho: number;
}

/** As the engine names it; `cleared` is told of all keys. */
export type InvalidationCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired' | 'cleared';

/** What has happened to a key in one turn of the event loop. */
export interface Invalidation {
  /** Null for all keys. */
  readonly key: string | null;
  /** The last one. */
  cause: InvalidationCause;
  /** Who made every one of the changes; null for several, or somebody who is no client here. */
  author: Subscriber | null;
  /** As it is told, once it has been put into words. */
  words: string | null;
}
