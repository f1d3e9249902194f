/**
 * Tells each subscriber, in one frame, what concerns it. Each notice is put into words once, and a frame is built once for
 * all who are told the same: that a thousand clients subscribe to one prefix costs a thousand sends, and nothing else.
 */

import { batch } from '../json-rpc.js';
import type { Invalidation, Subscriber, Topic } from './subscription.js';

/** A group that a subscriber is in. */
interface Source {
  readonly group: Topic;
  readonly noEcho: boolean;
}

/** Groups in the order in which their notices are told. */
export function deliver(groups: readonly Topic[], wordsOf: (notice: Invalidation) => string): void {
  const post = new Fanout(groups, wordsOf);
  for (const [subscriber, sources] of sourcesOf(groups)) post.send(subscriber, sources);
}

function sourcesOf(groups: readonly Topic[]): Map<Subscriber, Source[]> {
  const bySubscriber = new Map<Subscriber, Source[]>();
  for (const group of groups)
    for (const [subscriber, { withEcho }] of group.members()) {
      const source = { group, noEcho: withEcho === 0 };
      const sources = bySubscriber.get(subscriber);
      if (sources === undefined) bySubscriber.set(subscriber, [source]);
      else sources.push(source);
    }
  return bySubscriber;
}

class Fanout {
  readonly #wordsOf: (notice: Invalidation) => string;
  readonly #numbers = new Map<Topic, number>();
  readonly #authors = new Map<Topic, Set<Subscriber>>();
  /** By the numbers of the groups whose notices are in it. */
  readonly #frames = new Map<string, { readonly frame: Buffer; readonly notices: number }>();

  constructor(groups: readonly Topic[], wordsOf: (notice: Invalidation) => string) {
    this.#wordsOf = wordsOf;
    for (const group of groups) {
      this.#numbers.set(group, this.#numbers.size);
      const authors = new Set<Subscriber>();
      for (const { author } of group.told) if (author !== null) authors.add(author);
      this.#authors.set(group, authors);
    }
  }

  send(subscriber: Subscriber, sources: readonly Source[]): void {
    const leavesOut = ({ group, noEcho }: Source): boolean =>
      noEcho && this.#authors.get(group)!.has(subscriber);
    if (sources.some(leavesOut)) this.#sendOthers(subscriber, sources);
    else this.#sendShared(subscriber, sources);
  }

  /** What others have changed, and the rest where a subscription has asked for that too. */
  #sendOthers(subscriber: Subscriber, sources: readonly Source[]): void {
    const notices = new Set<Invalidation>();
    for (const { group, noEcho } of sources)
      for (const notice of group.told) if (!noEcho || notice.author !== subscriber) notices.add(notice);
    if (notices.size > 0) subscriber.tell(this.#frame(notices), notices.size);
  }

  #sendShared(subscriber: Subscriber, sources: readonly Source[]): void {
    const name = sources.map(({ group }) => this.#numbers.get(group)).join();
    let shared = this.#frames.get(name);
    if (shared === undefined) {
      const notices = new Set(sources.flatMap(({ group }) => group.told));
      shared = { frame: this.#frame(notices), notices: notices.size };
      this.#frames.set(name, shared);
    }
    subscriber.tell(shared.frame, shared.notices);
  }

  #frame(notices: ReadonlySet<Invalidation>): Buffer {
    const texts = Array.from(notices, (notice) => this.#inWords(notice));
    return Buffer.from(texts.length === 1 ? texts[0]! : batch(texts));
  }

  #inWords(notice: Invalidation): string {
    notice.words ??= this.#wordsOf(notice);
    return notice.words;
  }
}
