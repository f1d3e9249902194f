/**
 * What few slots have beside key and value, by slot. In pages, because a Map of slots takes four times as much and pauses
 * as it grows. All methods are O(1) unless they say otherwise.
 */

/** Slots of a page. */
const PAGE_BITS = 6;
const PAGE_MASK = 2 ** PAGE_BITS - 1;
/** An array of 64 references, its length and its place in the Map. */
export const PAGE_BYTES = 640;

interface Page<T> {
  readonly things: (T | undefined)[];
  used: number;
}

export class SlotPages<T extends {}> {
  /** What the pages take; not what they hold. */
  bytes = 0;
  readonly #pages: Map<number, Page<T>> = new Map();

  /** By how much `bytes` would grow if a slot got something. */
  wouldAdd(slot: number): number {
    return this.#pages.has(slot >>> PAGE_BITS) ? 0 : PAGE_BYTES;
  }

  /** By how much it would shrink if the slot lost what it has. */
  wouldFree(slot: number): number {
    return this.at(slot) !== undefined && this.#pages.get(slot >>> PAGE_BITS)!.used === 1 ? PAGE_BYTES : 0;
  }

  at(slot: number): T | undefined {
    return this.#pages.get(slot >>> PAGE_BITS)?.things[slot & PAGE_MASK];
  }

  put(slot: number, thing: T): void {
    let page = this.#pages.get(slot >>> PAGE_BITS);
    if (page === undefined) {
      page = { things: new Array<T | undefined>(PAGE_MASK + 1).fill(undefined), used: 0 };
      this.#pages.set(slot >>> PAGE_BITS, page);
      this.bytes += PAGE_BYTES;
    }
    if (page.things[slot & PAGE_MASK] === undefined) page.used++;
    page.things[slot & PAGE_MASK] = thing;
  }

  delete(slot: number): void {
    const page = this.#pages.get(slot >>> PAGE_BITS);
    if (page?.things[slot & PAGE_MASK] === undefined) return;
    page.things[slot & PAGE_MASK] = undefined;
    if (--page.used > 0) return;
    this.#pages.delete(slot >>> PAGE_BITS);
    this.bytes -= PAGE_BYTES;
  }

  /** An entry has another slot now, which had nothing. */
  move(from: number, to: number): void {
    const thing = this.at(from);
    if (thing === undefined) return;
    this.delete(from);
    this.put(to, thing);
  }

  clear(): void {
    this.#pages.clear();
    this.bytes = 0;
  }

  /** What is inconsistent; `slots` must have something, and no others. `what` names it. O(n). */
  verify(slots: ReadonlySet<number>, what: string): string[] {
    const problems: string[] = [];
    for (const slot of slots)
      if (this.at(slot) === undefined) problems.push(`slot ${slot} has lost its ${what}`);
    let held = 0;
    for (const { things, used } of this.#pages.values()) {
      held += things.filter((thing) => thing !== undefined).length;
      if (used === 0) problems.push(`a page of ${what} is empty`);
    }
    if (held !== slots.size) problems.push(`${held} slots have ${what}, ${slots.size} should`);
    if (this.bytes !== this.#pages.size * PAGE_BYTES)
      problems.push(`pages of ${what} count ${this.bytes}, there are ${this.#pages.size}`);
    return problems;
  }
}
