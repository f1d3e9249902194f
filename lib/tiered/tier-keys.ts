/** Where things stand in the second tier. All keys begin with the cache's prefix. */

export class TierKeys {
  readonly prefix: string;
  /** Before the keys of values. */
  readonly values: string;
  /** Changes with each invalidation of any tag. */
  readonly epoch: string;
  readonly #tags: string;
  readonly #generation: string;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.values = `${prefix}v:`;
    this.epoch = `${prefix}e`;
    this.#tags = `${prefix}t:`;
    this.#generation = `${prefix}g`;
  }

  ofValue(key: string): string {
    return this.values + key;
  }

  /** The version of a tag; of the empty one: of all entries. */
  ofTag(tag: string): string {
    return tag === '' ? this.#generation : this.#tags + tag;
  }

  /** What a key of the second tier is. Undefined for what concerns no entry. */
  meaningOf(tierKey: string): { readonly key: string } | { readonly tag: string } | undefined {
    if (tierKey.startsWith(this.values)) return { key: tierKey.slice(this.values.length) };
    if (tierKey.startsWith(this.#tags)) return { tag: tierKey.slice(this.#tags.length) };
    return tierKey === this.#generation ? { tag: '' } : undefined;
  }
}
