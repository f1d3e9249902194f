/**
 * Who has asked for which keys: exact keys in a Map, prefixes in a trie. Finding those whom a key concerns takes one
 * look-up and one step for each character of the key, however many others there are. What is asked for by
 * several is one group.
 *
 * Keys and prefixes are as the engine holds them, a latin1 character for each byte. None of what is asked for has a NUL,
 * which is where the trie keeps its values. Memory grows with what is asked for: `bytes` is about what it takes.
 */

import { TrieMap } from 'mnemonist';
import { type Subscription, Topic } from './subscription.js';

/**
 * mnemonist can find the texts below a prefix, and not the prefixes of a text: this looks at its nodes, plain objects
 * with a child for each character, and under NUL the value of what ends there.
 */
interface TrieNode {
  readonly [character: string]: TrieNode | undefined;
}

const END = '\0';

/** Measured: a subscription's place in a group; a group; a node of the trie. */
const PLACE_BYTES = 128;
const GROUP_BYTES = 320;
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

  /** What it would take more for somebody who asks for this key or prefix. */
  bytesFor(text: string, isPrefix: boolean): number {
    return PLACE_BYTES + (this.#find(text, isPrefix) === undefined ? groupBytes(text, isPrefix) : 0);
  }

  /** Adds the subscription to those who have asked for this key or prefix. */
  join(text: string, isPrefix: boolean, subscription: Subscription): Topic {
    let group = this.#find(text, isPrefix);
    if (group === undefined) {
      this.#bytes += groupBytes(text, isPrefix);
      group = new Topic(text, isPrefix);
      if (isPrefix) this.#prefixes.set(renamed(text), group);
      else this.#keys.set(text, group);
    }
    this.#bytes += PLACE_BYTES;
    group.join(subscription);
    return group;
  }

  leave(group: Topic, subscription: Subscription): void {
    const { text, isPrefix } = group;
    group.leave(subscription);
    this.#bytes -= PLACE_BYTES;
    if (group.size > 0) return;
    this.#bytes -= groupBytes(text, isPrefix);
    if (isPrefix) this.#prefixes.delete(renamed(text));
    else this.#keys.delete(text);
  }

  #find(text: string, isPrefix: boolean): Topic | undefined {
    return isPrefix ? this.#prefixes.get(renamed(text)) : this.#keys.get(text);
  }

  /** The groups that this key concerns. */
  groupsOf(key: string): Topic[] {
    const groups: Topic[] = [];
    const exact = this.#keys.get(key);
    if (exact !== undefined) groups.push(exact);
    let node: TrieNode | undefined = (this.#prefixes as unknown as { root: TrieNode }).root;
    for (let i = 0; node !== undefined; i++) {
      const group = node[END] as Topic | undefined;
      if (group !== undefined) groups.push(group);
      // Keys of the binary protocol may have a NUL, which no prefix has.
      if (i === key.length || key[i] === END) break;
      const character = key[i]!;
      node = node[character <= '9' ? (NAMES[character] ?? character) : character];
    }
    return groups;
  }
}

function groupBytes(text: string, isPrefix: boolean): number {
  return GROUP_BYTES + text.length * (isPrefix ? NODE_BYTES : 1);
}

function renamed(prefix: string): string {
  return prefix.replace(/\d/g, (digit) => NAMES[digit]!);
}
