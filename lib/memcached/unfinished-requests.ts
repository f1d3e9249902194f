/**
 * What half-received requests of all clients hold together. When they hold more than is allowed, the one that has waited
 * longest for its client gives up what it holds: clients that send are served, and those that keep silent pay.
 * All operations are O(1).
 */

/** One client's half-received request. */
export interface UnfinishedRequest {
  /** Lets go of what has come. What is still to come is passed over, and the client is told. */
  giveUp(): void;
}

/** Smaller ones are not counted: there are no more of them than connections. */
const COUNTED_FROM_BYTES = 4096;

export class UnfinishedRequests {
  readonly maxBytes: number;
  #bytes = 0;
  /** What each holds, those that have waited longest for their clients first. */
  readonly #held = new Map<UnfinishedRequest, number>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
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
  }

  /** `request` has come to its end, or its client is gone. */
  release(request: UnfinishedRequest): void {
    const bytes = this.#held.get(request);
    if (bytes === undefined) return;
    this.#held.delete(request);
    this.#bytes -= bytes;
  }
}
