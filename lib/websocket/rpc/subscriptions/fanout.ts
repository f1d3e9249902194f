/**
 * Sends each subscriber, in one frame, the invalidations that concern it. Each becomes JSON once, and a frame is built once for
 * all who get the same: a thousand clients of one prefix cost a thousand sends, and nothing else.
 */

import { decodeKey } from '../../../items/key-encoding.js';
import type { ItemStore } from '../../../memcached/item-store.js';
import { batch, notification } from '../json-rpc.js';
import type { Invalidation, Subscriber, Topic } from './subscription.js';

/** A topic that a subscriber is a member of. */
interface Source {
  readonly topic: Topic;
  readonly noEcho: boolean;
}

/** Topics in the order in which their invalidations are sent. */
export function deliver(items: ItemStore, topics: readonly Topic[]): void {
  const fanout = new Fanout(items, topics);
  for (const [subscriber, sources] of sourcesOf(topics)) fanout.send(subscriber, sources);
}

function sourcesOf(topics: readonly Topic[]): Map<Subscriber, Source[]> {
  const bySubscriber = new Map<Subscriber, Source[]>();
  for (const topic of topics)
    for (const [subscriber, { withEcho }] of topic.members()) {
      const source = { topic, noEcho: withEcho === 0 };
      const sources = bySubscriber.get(subscriber);
      if (sources === undefined) bySubscriber.set(subscriber, [source]);
      else sources.push(source);
    }
  return bySubscriber;
}

class Fanout {
  readonly #items: ItemStore;
  readonly #numbers = new Map<Topic, number>();
  readonly #origins = new Map<Topic, Set<Subscriber>>();
  /** By the numbers of the topics whose invalidations are in it. */
  readonly #frames = new Map<string, { readonly frame: Buffer; readonly count: number }>();

  constructor(items: ItemStore, topics: readonly Topic[]) {
    this.#items = items;
    for (const topic of topics) {
      this.#numbers.set(topic, this.#numbers.size);
      const origins = new Set<Subscriber>();
      for (const { origin } of topic.pending) if (origin !== null) origins.add(origin);
      this.#origins.set(topic, origins);
    }
  }

  send(subscriber: Subscriber, sources: readonly Source[]): void {
    const leavesOut = ({ topic, noEcho }: Source): boolean =>
      noEcho && this.#origins.get(topic)!.has(subscriber);
    if (sources.some(leavesOut)) this.#sendOthers(subscriber, sources);
    else this.#sendShared(subscriber, sources);
  }

  /** Changes by others, and the client's own where a subscription wants them. */
  #sendOthers(subscriber: Subscriber, sources: readonly Source[]): void {
    const invalidations = new Set<Invalidation>();
    for (const { topic, noEcho } of sources)
      for (const invalidation of topic.pending)
        if (!noEcho || invalidation.origin !== subscriber) invalidations.add(invalidation);
    if (invalidations.size > 0) subscriber.notify(this.#frame(invalidations), invalidations.size);
  }

  #sendShared(subscriber: Subscriber, sources: readonly Source[]): void {
    const name = sources.map(({ topic }) => this.#numbers.get(topic)).join();
    let shared = this.#frames.get(name);
    if (shared === undefined) {
      const invalidations = new Set(sources.flatMap(({ topic }) => topic.pending));
      shared = { frame: this.#frame(invalidations), count: invalidations.size };
      this.#frames.set(name, shared);
    }
    subscriber.notify(shared.frame, shared.count);
  }

  #frame(invalidations: ReadonlySet<Invalidation>): Buffer {
    const texts = Array.from(invalidations, (invalidation) => this.#jsonOf(invalidation));
    return Buffer.from(texts.length === 1 ? texts[0]! : batch(texts));
  }

  #jsonOf(invalidation: Invalidation): string {
    invalidation.json ??= invalidationJson(this.#items, invalidation);
    return invalidation.json;
  }
}

/**
 * The notification, with the key's current version. Once clients have chosen cas ids themselves (`E` of the meta
 * commands), the version is null: two values may have the same one, and a holder of the first would take it for the second.
 */
function invalidationJson(items: ItemStore, { key, cause }: Invalidation): string {
  if (key === null || cause === 'cleared') return notification('invalidatedAll', { cause: 'cleared' });
  const { entries } = items;
  const entry = items.peekText(key);
  const hasVersion = entry !== 0 && !entries.givesVersions && items.casIds;
  const version = hasVersion ? String(items.casIdAt(entry)) : null;
  return notification('invalidated', { key: decodeKey(key), cause, version });
}
