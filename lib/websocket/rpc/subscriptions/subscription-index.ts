/**
 * Finds the topics that a key concerns: exact keys in a Map, prefixes in a trie. A key costs one look-up and one step for each of
 * its characters, however many topics there are. A key or prefix with several subscriptions is one topic.
 *
 * Keys and prefixes are as the engine holds them, a latin1 character for each byte. No topic has a NUL, which is where the trie
 * keeps its values. Memory grows with the topics: `bytes` is about what they take.
 */

import { TrieMap } from '../../../structures.js';
import { type Subscription, Topic } from './subscription.js';

/**
 * mnemonist can find the texts below a prefix, and not the prefixes of a text: this looks at its nodes, plain objects
 * with a child for each character, and under NUL the value of what ends there.
 */
interface TrieNode {
  readonly [character: string]: TrieNode | undefined;
}

const END = '\0';

/** Measured: a subscription's place in a topic; a topic; a node of the trie. */
const PLACE_BYTES = 128;
const TOPIC_BYTES = 320;
const NODE_BYTES = 64;

/** An object keeps what is named by a digit in an array with room for more: 300 bytes, and not 60, for a child. */
const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('0123456789', (digit, i) => [digit, String.fromCharCode(0x100 + i)]),
);

export class SubscriptionIndex {
  readonly #keys = new Map<string, Topic>();
  /** By prefixes in which digits have other names. */
  readonly #prefixes: TrieMap<string, Topic>;
  #bytes = 0;

  /** `prefixes` is for tests, which count the steps. */
  constructor(prefixes: TrieMap<string, Topic> = new TrieMap()) {
    this.#prefixes = prefixes;
  }

  /** What it takes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How much more it would take with one more subscription to this key or prefix. */
  bytesFor(text: string, isPrefix: boolean): number {
    return PLACE_BYTES + (this.#find(text, isPrefix) === undefined ? topicBytes(text, isPrefix) : 0);
  }

  /** Adds the subscription to the topic of this key or prefix. */
  join(text: string, isPrefix: boolean, subscription: Subscription): Topic {
    let topic = this.#find(text, isPrefix);
    if (topic === undefined) {
      this.#bytes += topicBytes(text, isPrefix);
      topic = new Topic(text, isPrefix);
      if (isPrefix) this.#prefixes.set(renamed(text), topic);
      else this.#keys.set(text, topic);
    }
    this.#bytes += PLACE_BYTES;
    topic.join(subscription);
    return topic;
  }

  leave(topic: Topic, subscription: Subscription): void {
    const { text, isPrefix } = topic;
    topic.leave(subscription);
    this.#bytes -= PLACE_BYTES;
    if (topic.size > 0) return;
    this.#bytes -= topicBytes(text, isPrefix);
    if (isPrefix) this.#prefixes.delete(renamed(text));
    else this.#keys.delete(text);
  }

  #find(text: string, isPrefix: boolean): Topic | undefined {
    return isPrefix ? this.#prefixes.get(renamed(text)) : this.#keys.get(text);
  }

  /** The topics that this key concerns. */
  topicsOf(key: string): Topic[] {
    const topics: Topic[] = [];
    const exact = this.#keys.get(key);
    if (exact !== undefined) topics.push(exact);
    let node: TrieNode | undefined = (this.#prefixes as unknown as { root: TrieNode }).root;
    for (let i = 0; node !== undefined; i++) {
      const topic = node[END] as Topic | undefined;
      if (topic !== undefined) topics.push(topic);
      // Keys of the binary protocol may have a NUL, which no prefix has.
      if (i === key.length || key[i] === END) break;
      const character = key[i]!;
      node = node[character <= '9' ? (NAMES[character] ?? character) : character];
    }
    return topics;
  }
}

function topicBytes(text: string, isPrefix: boolean): number {
  return TOPIC_BYTES + text.length * (isPrefix ? NODE_BYTES : 1);
}

function renamed(prefix: string): string {
  return prefix.replace(/\d/g, (digit) => NAMES[digit]!);
}
