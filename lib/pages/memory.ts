/**
 * Where a page store's memory comes from: pages of several kinds, numbered by their kind. A store keeps no list of
 * them outside of its own memory, so that another thread with the same `Memory` finds all of them.
 */

/** What a page is for. */
export const HEADER = 0;
export const RECORDS = 1;
export const HEADS = 2;
export const SEGMENT = 3;
export const LARGE = 4;
/** Rows about segments and about large blocks. */
export const SEGMENT_ROWS = 5;
export const LARGE_ROWS = 6;
/** Where walks stand. */
export const CURSORS = 7;

export type PageKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
export const PAGE_KINDS = 8;

export interface Memory {
  /**
   * A page of so many bytes, with anything in them, under this number; null when there is none to be had. One for a large
   * block may be longer.
   */
  obtain(kind: PageKind, index: number, bytes: number): Buffer | null;
  /** The page as `obtain` returned it, to whichever thread. */
  at(kind: PageKind, index: number): Buffer;
  /** Takes a page back. Where `lent`, somebody may still read it: it is used for nothing else. */
  release(kind: PageKind, index: number, lent: boolean): void;
  /** Bytes taken back that the process still holds. */
  readonly pendingBytes: number;
  /** Gives the system at least so many of them, or all; false when there were none. */
  giveBack(bytes: number): boolean;
  /** Whether a page can outlive its release in a reader's hands. */
  readonly canLend: boolean;
}
