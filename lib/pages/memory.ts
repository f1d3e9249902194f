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
  /** Gives them back a few at a time, now and in later turns, for as long as `isTooMuch`. Holds no process open. */
  giveBackWhile(isTooMuch: () => boolean): void;
  /** Whether a page can outlive its release in a reader's hands. */
  readonly canLend: boolean;
}

/** What is transferred through a closed port is gone at once: an idle process collects no garbage. */
const { port1: NOWHERE } = new MessageChannel();
NOWHERE.close();
/** Smaller ones wait for the collector of garbage. */
const FREED_FROM_BYTES = 16 * 1024;
/** A page that is this much larger than a large block needs may serve again: a sixteenth. */
const REUSE_SHIFT = 4;
/** Pages taken back, of those that were taken back last, that are tried. */
const REUSE_LOOKS = 8;

/** Memory goes back for so long at a time, which is some 10 MiB, */
const GIVING_MS = 1;
/** and then others have so long. */
const GIVING_PAUSE_MS = 20;

/** ArrayBuffers of this thread. They go back to the system a few at a time, because unmapping gigabytes takes long. */
export class PlainMemory implements Memory {
  readonly canLend = true;
  pendingBytes = 0;
  readonly #pages: Buffer[][] = Array.from({ length: PAGE_KINDS }, () => []);
  readonly #pending: Buffer[] = [];
  #givesBackLater = false;

  obtain(kind: PageKind, index: number, bytes: number): Buffer {
    const reused = kind === LARGE ? this.#reused(bytes) : undefined;
    // A large block is written whole: clearing it first would cost as much.
    const page =
      reused ?? (kind === LARGE ? Buffer.allocUnsafeSlow(bytes) : Buffer.from(new ArrayBuffer(bytes)));
    this.#pages[kind]![index] = page;
    return page;
  }

  #reused(bytes: number): Buffer | undefined {
    const pending = this.#pending;
    for (let i = pending.length - 1; i >= 0 && i >= pending.length - REUSE_LOOKS; i--) {
      const page = pending[i]!;
      if (page.length < bytes || page.length - bytes > bytes >>> REUSE_SHIFT) continue;
      pending.splice(i, 1);
      this.pendingBytes -= page.length;
      return page;
    }
    return undefined;
  }

  at(kind: PageKind, index: number): Buffer {
    return this.#pages[kind]![index]!;
  }

  release(kind: PageKind, index: number, lent: boolean): void {
    const pages = this.#pages[kind]!;
    const page = pages[index]!;
    if (index === pages.length - 1) pages.length = index;
    else pages[index] = NOTHING;
    if (lent || page.length < FREED_FROM_BYTES) return;
    this.#pending.push(page);
    this.pendingBytes += page.length;
  }

  giveBack(bytes: number): boolean {
    if (this.#pending.length === 0) return false;
    for (let left = bytes; left > 0 && this.#pending.length > 0; ) {
      const { buffer } = this.#pending.shift()!;
      left -= buffer.byteLength;
      this.pendingBytes -= buffer.byteLength;
      NOWHERE.postMessage(null, [buffer as ArrayBuffer]);
    }
    return true;
  }

  giveBackWhile(isTooMuch: () => boolean): void {
    const end = performance.now() + GIVING_MS;
    while (isTooMuch() && this.giveBack(1)) {
      if (performance.now() < end) continue;
      if (this.#givesBackLater) return;
      this.#givesBackLater = true;
      setTimeout(() => {
        this.#givesBackLater = false;
        this.giveBackWhile(isTooMuch);
      }, GIVING_PAUSE_MS).unref();
      return;
    }
  }
}

const NOTHING = Buffer.alloc(0);
