/** Keys and values in two arrays: what the entries weigh without any cache around them. */

export const TWO_ARRAYS = 'two arrays';

export class TwoArrays {
  #keys;
  #values;
  #at = 0;

  constructor(entries) {
    this.#keys = new Array(entries).fill(undefined);
    this.#values = new Array(entries).fill(undefined);
  }

  get size() {
    return this.#keys.length;
  }

  set(key, value) {
    const at = this.#at;
    this.#keys[at] = key;
    this.#values[at] = value;
    this.#at = at + 1 === this.#keys.length ? 0 : at + 1;
  }
}
