/**
 * Who has asked for which keys: exact keys in a Map, prefixes in a trie. Finding those whom a key concerns takes one
 * look-up and one step for each character of the key, however many others there are. What is asked for by
 * several is one group.
 *
 * Keys and prefixes are as the engine holds them, a latin1 character for each byte. None of what is asked for has a NUL,
 * which is where the trie keeps its values. Memory grows with the characters asked for: subscriptions.ts bounds them.
 */

import { TrieMap } from 'mnemonist';
import { Group, type Subscription } from './subscription.js';

/**
 * mnemonist can find the texts below a prefix, and not the prefixes of a text: this looks at its nodes, plain objects
 * with a child for each character, and under NUL the value of what ends there.
 */
interface TrieNode {
  readonly [character: string]: TrieNode | undefined;
}

const END = '\0';

export class SubscriptionIndex {
  readonly #keys = new Map<string, Group>();
  readonly #prefixes: TrieMap<string, Group>;

  /** `prefixes` is for tests, which count the steps. */
  constructor(prefixes: TrieMap<string, Group> = new TrieMap()) {
    this.#prefixes = prefixes;
  }

  /** Adds the subscription to those who have asked for this key or prefix. */
  join(text: string, isPrefix: boolean, subscription: Subscription): Group {
    const index = isPrefix ? this.#prefixes : this.#keys;
    let group = index.get(text);
    if (group === undefined) {
      group = new Group(text, isPrefix);
      index.set(text, group);
    }
    group.join(subscription);
    return group;
  }

  leave(group: Group, subscription: Subscription): void {
    group.leave(subscription);
    if (group.size === 0) (group.isPrefix ? this.#prefixes : this.#keys).delete(group.text);
  }

  /** The groups that this key concerns. */
  groupsOf(key: string): Group[] {
    const groups: Group[] = [];
    const exact = this.#keys.get(key);
    if (exact !== undefined) groups.push(exact);
    let node: TrieNode | undefined = (this.#prefixes as unknown as { root: TrieNode }).root;
    for (let i = 0; node !== undefined; i++) {
      const group = node[END] as Group | undefined;
      if (group !== undefined) groups.push(group);
      // Keys of the binary protocol may have a NUL, which no prefix has.
      if (i === key.length || key[i] === END) break;
      node = node[key[i]!];
    }
    return groups;
  }
}
