/**
 * Bounds the bytes that half-received requests of all clients hold together. Above the bound, the request whose client
 * has been silent longest is discarded: clients that keep sending are served.
 * All operations are O(1).
 */

/** One client's half-received request. */
export interface UnfinishedRequest {
  /** Discards what has arrived and what is still to come, and answers the client with an error. */
  giveUp(): void;
}

/** Smaller ones are not counted: there are no more of them than connections. */
const COUNTED_FROM_BYTES = 4096;

export class UnfinishedRequests {
  readonly maxBytes: number;
  readonly #onHeld: () => void;
  #bytes = 0;
  /** What each holds, those that have waited longest for their clients first. */
  readonly #held = new Map<UnfinishedRequest, number>();
  /** Those of them whose bytes lie in the store, which counts them too. */
  readonly #stored = new Set<UnfinishedRequest>();
  #storedBytes = 0;

  /** `onHeld` is called when more is held than before. */
  constructor(maxBytes: number, onHeld: () => void = () => {}) {
    this.maxBytes = maxBytes;
    this.#onHeld = onHeld;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What they hold outside of the store. */
  get ownBytes(): number {
    return this.#bytes - this.#storedBytes;
  }

  /**
   * `request` has got more, and holds `bytes` now, of its own or `inStore`; it may have to give them up at once.
   */
  hold(request: UnfinishedRequest, bytes: number, inStore: boolean = false): void {
    if (bytes < COUNTED_FROM_BYTES) return;
    this.release(request);
    this.#held.set(request, bytes);
    this.#bytes += bytes;
    if (inStore) {
      this.#stored.add(request);
      this.#storedBytes += bytes;
    }
    while (this.#bytes > this.maxBytes) {
      const [longest] = this.#held.keys();
      this.release(longest!);
      longest!.giveUp();
    }
    this.#onHeld();
  }

  /** `request` has come to its end, or its client is gone. */
  release(request: UnfinishedRequest): void {
    const bytes = this.#held.get(request);
    if (bytes === undefined) return;
    this.#held.delete(request);
    this.#bytes -= bytes;
    if (this.#stored.delete(request)) this.#storedBytes -= bytes;
  }
}
