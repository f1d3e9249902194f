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

  /** `onHeld` is called when more is held than before. */
  constructor(maxBytes: number, onHeld: () => void = () => {}) {
    this.maxBytes = maxBytes;
    this.#onHeld = onHeld;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `request` has got more, and holds `bytes` now; it may have to give them up at once. */
  hold(request: UnfinishedRequest, bytes: number): void {
    if (bytes < COUNTED_FROM_BYTES) return;
    this.release(request);
    this.#held.set(request, bytes);
    this.#bytes += bytes;
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
  }
}
