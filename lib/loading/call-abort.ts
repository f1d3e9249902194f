/**
 * How a call of a loader is aborted. A real AbortSignal takes a microsecond, and an event listener on it another: it is made
 * where a loader asks for it, and not for those who find the value in another tier.
 */

export class CallAbort {
  #isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #callbacks: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.signal.reason;
  }

  /** The same as an AbortSignal. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Listeners of the signal are other people's code. */
  abort(reason?: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    if (this.#callbacks !== undefined) for (const callback of this.#callbacks) callback();
    this.#controller?.abort(reason);
  }

  /** Calls `callback`, which throws nothing, when the call is aborted. Returns a function that stops watching. */
  watch(callback: () => void): () => void {
    this.#callbacks ??= new Set();
    this.#callbacks.add(callback);
    return () => this.#callbacks?.delete(callback);
  }
}
