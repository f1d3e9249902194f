/** One connection's subscriptions, by number, and their bounds. */

import { wireKey } from '../../../memcached/wire-key.js';
import { RpcError } from '../rpc-error.js';
import type { Hub } from './hub.js';
import type { Subscriber, Subscription } from './subscription.js';

/** Prefixes and keys of one subscription. */
export const TEXTS_MAX = 100;

/** Bytes of all prefixes and keys of a connection: each may take a node of the trie, of some 60 bytes. */
export const TEXT_MAX_BYTES: number = 256 * 1024;

export class ClientSubscriptions {
  readonly #hub: Hub;
  readonly #subscriber: Subscriber;
  readonly #most: number;
  readonly #byNumber = new Map<number, Subscription>();
  #lastNumber = 0;
  #textBytes = 0;

  constructor(hub: Hub, subscriber: Subscriber, most: number) {
    this.#hub = hub;
    this.#subscriber = subscriber;
    this.#most = most;
  }

  /** Returns the subscription's number. Throws an `RpcError`, and `HOTSET_INVALID_KEY`. */
  add(prefixes: readonly string[], keys: readonly string[], noEcho: boolean): number {
    if (this.#byNumber.size >= this.#most)
      throw new RpcError('HOTSET_TOO_MANY', `a connection may have ${this.#most} subscriptions`);
    if (prefixes.length + keys.length > TEXTS_MAX)
      throw new RpcError('HOTSET_TOO_MANY', `a subscription takes up to ${TEXTS_MAX} prefixes and keys`);
    const wirePrefixes = new Set(prefixes.map((prefix) => (prefix === '' ? '' : wireKey(prefix))));
    const wireKeys = new Set(keys.map(wireKey));
    const bytes = lengthOf(wirePrefixes) + lengthOf(wireKeys);
    if (this.#textBytes + bytes > TEXT_MAX_BYTES)
      throw new RpcError(
        'HOTSET_TOO_MANY',
        `the prefixes and keys of a connection's subscriptions may have ${TEXT_MAX_BYTES} bytes together`,
      );
    this.#textBytes += bytes;
    this.#byNumber.set(
      ++this.#lastNumber,
      this.#hub.subscribe(this.#subscriber, wirePrefixes, wireKeys, noEcho),
    );
    return this.#lastNumber;
  }

  /** False when there is none of this number. */
  remove(number: number): boolean {
    const subscription = this.#byNumber.get(number);
    if (subscription === undefined) return false;
    for (const { text } of subscription.groups) this.#textBytes -= text.length;
    this.#byNumber.delete(number);
    this.#hub.unsubscribe(subscription);
    return true;
  }

  /** What changes the key next, or with undefined all keys, is this connection's own doing. */
  beginAct(key: string | undefined): void {
    this.#hub.beginAct(this.#subscriber, key);
  }

  endAct(): void {
    this.#hub.endAct();
  }

  close(): void {
    for (const number of [...this.#byNumber.keys()]) this.remove(number);
  }
}

function lengthOf(texts: ReadonlySet<string>): number {
  let length = 0;
  for (const text of texts) length += text.length;
  return length;
}
