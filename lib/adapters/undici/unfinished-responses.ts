/**
 * Responses whose bodies are still arriving, by URL. Bounds the bytes that they hold together: above the bound, the one
 * that has been silent longest is given up. All operations are O(1), plus O(1) for each response that is given up.
 */

/** One of them. */
export interface UnfinishedResponse {
  /** Its URL, in any form that is the same for the same URL. */
  readonly url: string;
  /** There is no room for it. */
  giveUp(): void;
  /** Its URL was invalidated. */
  cancel(): void;
}

export class UnfinishedResponses {
  readonly #maxBytes: number;
  #bytes = 0;
  /** What each holds, those that have been silent longest first. */
  readonly #held = new Map<UnfinishedResponse, number>();
  readonly #byUrl = new Map<string, Set<UnfinishedResponse>>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(response: UnfinishedResponse): void {
    this.#held.set(response, 0);
    const others = this.#byUrl.get(response.url);
    if (others === undefined) this.#byUrl.set(response.url, new Set([response]));
    else others.add(response);
  }

  /** `response` holds `bytes` now; it may have to give them up at once. */
  hold(response: UnfinishedResponse, bytes: number): void {
    this.#bytes += bytes - this.#held.get(response)!;
    this.#held.delete(response);
    this.#held.set(response, bytes);
    while (this.#bytes > this.#maxBytes) {
      const [longest] = this.#held.keys();
      this.end(longest!);
      longest!.giveUp();
    }
  }

  /** It has arrived, or was given up. Nothing happens when it is no longer here. */
  end(response: UnfinishedResponse): void {
    const bytes = this.#held.get(response);
    if (bytes === undefined) return;
    this.#held.delete(response);
    this.#bytes -= bytes;
    const others = this.#byUrl.get(response.url)!;
    others.delete(response);
    if (others.size === 0) this.#byUrl.delete(response.url);
  }

  /** Cancels all of one URL; returns how many. */
  cancel(url: string): number {
    const responses = [...(this.#byUrl.get(url) ?? [])];
    for (const response of responses) {
      this.end(response);
      response.cancel();
    }
    return responses.length;
  }
}
