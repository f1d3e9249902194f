/**
 * The responses of one method and URL that were stored with a `Vary` header. It stands in the engine under the key of the
 * URL, and each response under a key of its own, made of the values of the headers that it varies on: finding one takes
 * the same time however many there are. Different responses may vary on different headers; each list of names is tried.
 *
 * The engine evicts responses without a word, so that some keys listed here lead nowhere. They are dropped each time that
 * the list has doubled. The keys themselves are private, and the engine does not count them: 24 to 48 bytes beside
 * a response and its own key.
 */

import type { CacheKey } from './types.js';

type Headers = Record<string, string | string[] | null>;

/** Origins that vary on ever other headers would make lookups slow: the list that is oldest goes. */
const MAX_LISTS = 8;
const FIRST_PRUNE = 16;

export class Variants {
  /** Makes the keys of these responses unlike those of an earlier object for the same URL. */
  readonly id: string;
  /** Those that came first, first. */
  readonly lists: VaryList[] = [];
  /** When the last of the responses must go. */
  deleteAt = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The list for these names, which may be new; and the responses of a list that had to go. */
  listFor(headers: Headers): { list: VaryList; dropped: Iterable<string> } {
    const names = Object.keys(headers).sort();
    const known = this.lists.find((list) => list.isOf(names));
    if (known !== undefined) return { list: known, dropped: [] };
    const list = new VaryList(names);
    this.lists.push(list);
    return { list, dropped: this.lists.length > MAX_LISTS ? this.lists.shift()!.keys() : [] };
  }

  /** The keys of all responses, and of some that are gone. */
  *keys(): Generator<string> {
    for (const list of this.lists) yield* list.keys();
  }
}

export class VaryList {
  readonly names: readonly string[];
  readonly #keys = new Set<string>();
  #pruneAt = FIRST_PRUNE;

  constructor(names: readonly string[]) {
    this.names = names;
  }

  isOf(names: readonly string[]): boolean {
    return names.length === this.names.length && names.every((name, i) => name === this.names[i]);
  }

  keys(): Iterable<string> {
    return this.#keys;
  }

  /** What these headers have under the names; null for absent ones. */
  valuesIn(headers: CacheKey['headers'] | Headers | null): (string | string[] | null)[] {
    return this.names.map((name) => {
      const value = headers != null && Object.hasOwn(headers, name) ? headers[name] : null;
      if (value == null) return null;
      return Array.isArray(value) ? value.map(String) : String(value);
    });
  }

  /** O(1), amortized. */
  add(key: string, isHeld: (key: string) => boolean): void {
    this.#keys.add(key);
    if (this.#keys.size < this.#pruneAt) return;
    for (const each of this.#keys) if (!isHeld(each)) this.#keys.delete(each);
    this.#pruneAt = Math.max(FIRST_PRUNE, 2 * this.#keys.size);
  }
}
