/** Items by the Redis keys that they depend on. All operations are O(1) for each key; `at` also for each item. */
export class ByKey<T extends string | object> {
  /** Most keys have one item, which stands for itself. */
  readonly #items = new Map<string, T | Set<T>>();

  get size(): number {
    return this.#items.size;
  }

  add(keys: readonly string[], item: T): void {
    for (const key of keys) {
      const known = this.#items.get(key);
      if (known === undefined) this.#items.set(key, item);
      else if (known instanceof Set) known.add(item);
      else if (known !== item) this.#items.set(key, new Set([known, item]));
    }
  }

  remove(keys: readonly string[], item: T): void {
    for (const key of keys) {
      const known = this.#items.get(key);
      if (known === item) this.#items.delete(key);
      else if (known instanceof Set && known.delete(item) && known.size === 0) this.#items.delete(key);
    }
  }

  at(key: string): T[] {
    const known = this.#items.get(key);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }

  clear(): void {
    this.#items.clear();
  }
}
