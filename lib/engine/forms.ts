/**
 * The forms that a value is held in while clients of another kind, which know bytes only, see the entries too: the
 * value, its bytes, or both. What a service stores is encoded when a client first reads it; what a client stores is
 * decoded when the service first reads it. Each form is kept once made, and weighs what it takes.
 *
 * An engine that serves nobody has no forms: every value is `PLAIN`, and no column says so.
 */

import { latin1Bytes, viewBytes } from '../weigh/index.js';

// What the value column holds. Up to BOTH it is the value itself, so that a read needs one comparison.

/** The value. */
export const PLAIN = 0;
/** The value, which is its own bytes: a text whose characters are its bytes, or bytes. */
export const SAME = 1;
/** The value, which has no bytes: clients do not see it. */
export const HIDDEN = 2;
/** The value; its bytes are in `SideBytes`. */
export const BOTH = 3;
/** The bytes. */
export const ENCODED = 4;

/** Bytes: as a text with a latin1 character for each, or in memory of their own. They never change. */
export type Encoded = string | Uint8Array;

/** How values become bytes, and bytes values. */
export interface Codec<K, V> {
  /**
   * The value's bytes under these flags, the very value where it is its own bytes; null where it has none. May run code
   * of the value's (`toJSON`); throws nothing.
   */
  encode(value: V, flags: number): Encoded | null;
  /** The flags that go with the bytes of a value that was stored without any. */
  flagsOf(value: V): number;
  /** Whether flags say no more than what kind of value it is, as `flagsOf` does. */
  isKind(flags: number): boolean;
  /** Runs no code of others. Throws `HOTSET_UNREADABLE_VALUE` when bytes are not what their flags say. */
  decode(encoded: Encoded, flags: number, key: K): V;
  /** The bytes as a value. */
  bytesOf(encoded: Encoded): V;
}

export function encodedBytes(encoded: Encoded): number {
  return typeof encoded === 'string' ? latin1Bytes(encoded) : viewBytes(encoded);
}

/** Slots of a page. */
const PAGE_BITS = 6;
const PAGE_MASK = 2 ** PAGE_BITS - 1;
/** An array of 64 references, its length and its place in the Map. */
const PAGE_BYTES = 640;

interface Page {
  readonly encoded: (Encoded | undefined)[];
  used: number;
}

/**
 * The bytes beside values, by slot. In pages, because a Map of slots takes four times as much and pauses as it grows, and
 * an object that holds both costs each read of the value a miss of the CPU's cache (measured: 100 ns). All methods are O(1).
 */
export class SideBytes {
  /** What the pages take; not what they hold. */
  bytes = 0;
  readonly #pages: Map<number, Page> = new Map();

  /** By how much `bytes` would grow if a slot got bytes. */
  wouldAdd(slot: number): number {
    return this.#pages.has(slot >>> PAGE_BITS) ? 0 : PAGE_BYTES;
  }

  at(slot: number): Encoded | undefined {
    return this.#pages.get(slot >>> PAGE_BITS)?.encoded[slot & PAGE_MASK];
  }

  put(slot: number, encoded: Encoded): void {
    let page = this.#pages.get(slot >>> PAGE_BITS);
    if (page === undefined) {
      page = { encoded: new Array<Encoded | undefined>(PAGE_MASK + 1).fill(undefined), used: 0 };
      this.#pages.set(slot >>> PAGE_BITS, page);
      this.bytes += PAGE_BYTES;
    }
    if (page.encoded[slot & PAGE_MASK] === undefined) page.used++;
    page.encoded[slot & PAGE_MASK] = encoded;
  }

  delete(slot: number): void {
    const page = this.#pages.get(slot >>> PAGE_BITS);
    if (page?.encoded[slot & PAGE_MASK] === undefined) return;
    page.encoded[slot & PAGE_MASK] = undefined;
    if (--page.used > 0) return;
    this.#pages.delete(slot >>> PAGE_BITS);
    this.bytes -= PAGE_BYTES;
  }

  /** An entry has another slot now, which had no bytes. */
  move(from: number, to: number): void {
    const encoded = this.at(from);
    if (encoded === undefined) return;
    this.delete(from);
    this.put(to, encoded);
  }

  clear(): void {
    this.#pages.clear();
    this.bytes = 0;
  }

  /** What is inconsistent; `slots` must have bytes, and no others. O(n). */
  verify(slots: ReadonlySet<number>): string[] {
    const problems: string[] = [];
    for (const slot of slots)
      if (this.at(slot) === undefined) problems.push(`slot ${slot} has lost its bytes`);
    let held = 0;
    for (const { encoded, used } of this.#pages.values()) {
      held += encoded.filter((bytes) => bytes !== undefined).length;
      if (used === 0) problems.push('a page of bytes is empty');
    }
    if (held !== slots.size) problems.push(`${held} slots have bytes beside a value, ${slots.size} should`);
    if (this.bytes !== this.#pages.size * PAGE_BYTES)
      problems.push(`pages of bytes count ${this.bytes}, there are ${this.#pages.size}`);
    return problems;
  }
}
