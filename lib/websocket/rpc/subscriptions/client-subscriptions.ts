/** One connection's subscriptions, by number, within their limits. */

import { encodeKey } from '../../../items/key-encoding.js';
import { MAX_TOPICS } from '../../../rpc-protocol.js';
import type { RpcSettings } from '../rpc-context.js';
import { RpcError } from '../rpc-error.js';
import type { ChangeBroadcaster } from './change-broadcaster.js';
import type { Subscriber, Subscription } from './subscription.js';

/** Bytes of all prefixes and keys of a connection, so that one alone cannot take what is for all. */
const MAX_TOPIC_BYTES: number = 256 * 1024;

export type SubscriptionSettings = Pick<RpcSettings, 'maxSubscriptions' | 'maxSubscriptionBytes'>;

export class ClientSubscriptions {
  readonly #broadcaster: ChangeBroadcaster;
  readonly #subscriber: Subscriber;
  readonly #settings: SubscriptionSettings;
  readonly #byNumber = new Map<number, Subscription>();
  #lastNumber = 0;
  #textBytes = 0;

  constructor(broadcaster: ChangeBroadcaster, subscriber: Subscriber, settings: SubscriptionSettings) {
    this.#broadcaster = broadcaster;
    this.#subscriber = subscriber;
    this.#settings = settings;
  }

  /** Returns the subscription's number. Throws an `RpcError`, and `HOTSET_INVALID_KEY`. */
  add(prefixes: readonly string[], keys: readonly string[], noEcho: boolean): number {
    const { maxSubscriptions, maxSubscriptionBytes } = this.#settings;
    if (this.#byNumber.size >= maxSubscriptions)
      throw new RpcError('HOTSET_TOO_MANY', `a connection may have ${maxSubscriptions} subscriptions`);
    if (prefixes.length + keys.length > MAX_TOPICS)
      throw new RpcError('HOTSET_TOO_MANY', `a subscription takes up to ${MAX_TOPICS} prefixes and keys`);
    const wirePrefixes = new Set(prefixes.map((prefix) => (prefix === '' ? '' : encodeKey(prefix))));
    const wireKeys = new Set(keys.map(encodeKey));
    const bytes = lengthOf(wirePrefixes) + lengthOf(wireKeys);
    if (this.#textBytes + bytes > MAX_TOPIC_BYTES)
      throw new RpcError(
        'HOTSET_TOO_MANY',
        `the prefixes and keys of a connection's subscriptions may have ${MAX_TOPIC_BYTES} bytes together`,
      );
    if (this.#broadcaster.bytesWith(wirePrefixes, wireKeys) > maxSubscriptionBytes)
      throw new RpcError(
        'HOTSET_TOO_MANY',
        'the subscriptions of all clients take as much memory as they may',
      );
    this.#textBytes += bytes;
    this.#byNumber.set(
      ++this.#lastNumber,
      this.#broadcaster.subscribe(this.#subscriber, wirePrefixes, wireKeys, noEcho),
    );
    return this.#lastNumber;
  }

  /** False when there is none of this number. */
  remove(number: number): boolean {
    const subscription = this.#byNumber.get(number);
    if (subscription === undefined) return false;
    for (const { text } of subscription.topics) this.#textBytes -= text.length;
    this.#byNumber.delete(number);
    this.#broadcaster.unsubscribe(subscription);
    return true;
  }

  /** The next change of the key, or with undefined of all keys, is this connection's own write. */
  beginWrite(key: string | undefined): void {
    this.#broadcaster.beginWrite(this.#subscriber, key);
  }

  endWrite(): void {
    this.#broadcaster.endWrite();
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
