/** What is known about an entry by its number, and what an adapter may set beside its value. O(1), all of it. */

import { EntryStore } from './entry-store.js';
import { FETCHED } from './entry-table.js';

/** An adapter's marks stand above the bit `FETCHED`. */
const MARKS_SHIFT = 1;

export class EntryFacts<K, V> extends EntryStore<K, V> {
  /** The entry's value. */
  valueAt(entry: number): V {
    return this.tables.tableOf(entry).values[this.tables.slotOf(entry)] as V;
  }

  /** The entry's key. */
  keyAt(entry: number): K {
    return this.tables.tableOf(entry).keys[this.tables.slotOf(entry)] as K;
  }

  /** The entry's flags; 0 unless it was stored with some. */
  flagsAt(entry: number): number {
    const { flags } = this.tables.tableOf(entry);
    return flags === null ? 0 : flags[this.tables.slotOf(entry)]!;
  }

  /** The entry's version; `beginVersions` must have been called. A bigint where a number would not be exact. */
  versionAt(entry: number): number | bigint {
    return this.tables.tableOf(entry).versionOf(this.tables.slotOf(entry));
  }

  /**
   * Gives the entry a version from outside, which is then for the caller to keep apart from others: an unsigned
   * number of 64 bits, a bigint where a number would not be exact. `beginVersions` must have been called.
   * With `fresh` the entry has just been written, and the number which that took, and nobody has seen, goes to the
   * next write. The entry may be gone afterwards: the first wide version of all makes every entry heavier.
   */
  setVersionAt(entry: number, version: number | bigint, fresh = false): void {
    const table = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    this.tables.givesVersions = true;
    if (fresh) this.takeBackVersion(table, slot);
    this.giveVersion(table, slot, version, fresh);
  }

  /** Gives the entry the next version, as a write does. `beginVersions` must have been called. */
  renewVersionAt(entry: number): void {
    this.giveVersion(this.tables.tableOf(entry), this.tables.slotOf(entry), this.nextVersion(), false);
  }

  /** The marks that an adapter has put on the entry: 7 bits, 0 after each write. Needs `trackAccess`. */
  marksAt(entry: number): number {
    return this.tables.tableOf(entry).marks![this.tables.slotOf(entry)]! >>> MARKS_SHIFT;
  }

  /** Puts marks of an adapter's own on the entry, 7 bits, instead of those before. Needs `trackAccess`. */
  setMarksAt(entry: number, marks: number): void {
    const table = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    table.marks![slot] = (marks << MARKS_SHIFT) | (table.marks![slot]! & FETCHED);
  }

  /** Whether the value has been read since it was stored. Needs `trackAccess`. */
  fetchedAt(entry: number): boolean {
    return (this.tables.tableOf(entry).marks![this.tables.slotOf(entry)]! & FETCHED) !== 0;
  }

  /** Milliseconds since the entry was last read or stored; 0 by a clock that was put back. Needs `trackAccess`. */
  idleMsAt(entry: number): number {
    return Math.max(
      0,
      this.clock.now() - this.tables.tableOf(entry).times!.usedAt(this.tables.slotOf(entry)),
    );
  }

  /** Milliseconds since the value was stored; 0 by a clock that was put back. Needs `trackAccess`. */
  ageMsAt(entry: number): number {
    return Math.max(
      0,
      this.clock.now() - this.tables.tableOf(entry).times!.storedAt(this.tables.slotOf(entry)),
    );
  }

  /**
   * What the entry counts: key, value and overhead; 0 when the engine has no byte limits. The engine's `bytes`
   * are the sum of these, and what its index has allocated beyond its entries.
   */
  bytesAt(entry: number): number {
    return this.budget.entryBytes(this.tables.tableOf(entry).bytes[this.tables.slotOf(entry)]!);
  }

  /** When the entry expires, in the clock's milliseconds; `Infinity` for never. */
  protected expiresAtMsOf(entry: number): number {
    const { expiry } = this.tables.tableOf(entry);
    return expiry === null ? Number.POSITIVE_INFINITY : expiry.expiresAt[this.tables.slotOf(entry)]!;
  }

  /** Milliseconds until the entry expires; `Infinity` for never. */
  remainingTtlMsAt(entry: number): number {
    const expiresAtMs = this.expiresAtMsOf(entry);
    return expiresAtMs === Number.POSITIVE_INFINITY ? expiresAtMs : expiresAtMs - this.clock.now();
  }
}
