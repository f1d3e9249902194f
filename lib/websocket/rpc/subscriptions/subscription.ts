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
  readonly groups: Group[];
}

/** All who have asked for the same key or prefix. */
export class Group {
  /** As the engine holds it. */
  readonly text: string;
  readonly isPrefix: boolean;
  readonly members: Set<Subscription> = new Set();
  /** What they are to be told of this turn. */
  told: Notice[] = [];

  constructor(text: string, isPrefix: boolean) {
    this.text = text;
    this.isPrefix = isPrefix;
  }
}

/** As the engine names it; `cleared` is told of all keys. */
export type NoticeCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired' | 'cleared';

/** What has happened to a key in one turn of the event loop. */
export interface Notice {
  /** Null for all keys. */
  readonly key: string | null;
  /** The last one. */
  cause: NoticeCause;
  /** Who made every one of the changes; null for several, or somebody who is no client here. */
  author: Subscriber | null;
  /** As it is told, once it has been put into words. */
  words: string | null;
}
