/**
 * A store's budget, part of which it lends to what it does not hold: connections, half-received requests, and replies that
 * wait to be read. It evicts for them, a MiB at a time, and has its budget back some time after they are gone: by then the system has
 * their memory again. A store that does not evict lends nothing.
 */

import type { Items } from '../items.js';

const STEP_BYTES: number = 1024 * 1024;
/** The largest share that is lent: a half. */
const SHARE = 2;

export class LentBudget {
  readonly #entries: Items;
  readonly #lends: boolean;
  #lentBytes = 0;
  /** The most that was held since `takeBack`. */
  #mostBytes = 0;

  constructor(entries: Items, lends: boolean) {
    this.#entries = entries;
    this.#lends = lends && entries.evicts && Number.isFinite(entries.maxBytes);
  }

  /** The whole budget. */
  get maxBytes(): number {
    return this.#entries.maxBytes + this.#lentBytes;
  }

  /** So many bytes are held in its place. O(1), plus O(1) for each item that is evicted. */
  lend(heldBytes: number): void {
    if (!this.#lends) return;
    if (heldBytes > this.#mostBytes) this.#mostBytes = heldBytes;
    // The first step is not lent: a little is always held.
    const bytes = Math.floor(heldBytes / STEP_BYTES) * STEP_BYTES;
    if (bytes > this.#lentBytes) this.#set(bytes);
  }

  /** Takes back what has not been held since the last call: to be called periodically. */
  takeBack(heldBytes: number): void {
    const bytes = Math.floor(this.#mostBytes / STEP_BYTES) * STEP_BYTES;
    this.#mostBytes = heldBytes;
    if (bytes < this.#lentBytes) this.#set(bytes);
  }

  /** Sets the whole budget. O(1), plus O(1) for each item that is evicted. */
  resize(maxBytes: number): void {
    const lent = Math.min(this.#lentBytes, Math.floor(maxBytes / SHARE));
    this.#lentBytes = lent;
    this.#entries.resize(maxBytes - lent);
  }

  #set(bytes: number): void {
    const { maxBytes } = this;
    this.#lentBytes = Math.min(bytes, Math.floor(maxBytes / SHARE));
    this.#entries.resize(maxBytes - this.#lentBytes);
  }
}
