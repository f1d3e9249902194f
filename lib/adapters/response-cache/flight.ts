/** A response under way, offered to the cache piece by piece. It settles once, whatever its handler and client do. */

import type { OutgoingHttpHeaders } from 'node:http';

/** A response as it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Null for none: HEAD, 304. */
  readonly body: Uint8Array | null;
}

/** `gone`: the response was cut, or something invalidated it. `failed`: an older response was sent in its place. */
export type Outcome = 'stored' | 'not-stored' | 'failed' | 'gone';

/** What a flight needs of its cache. */
export interface FlightHooks {
  readonly maxBodyBytes: number;
  /** The older response that answers for a handler that fails; null for none. */
  readonly fallback: (() => Answer) | null;
  /** How to store a response with this head; null for one that must not be. */
  readonly plan: (
    status: number,
    headers: OutgoingHttpHeaders,
    before: OutgoingHttpHeaders,
  ) => FlightPlan | null;
  /** Whether headers that were sent in the end, with those of middleware around the cache, forbid to store. */
  readonly isVetoed: (sent: OutgoingHttpHeaders) => boolean;
  /** `Cache-Status` of a response that is sent. */
  readonly said: (isStored: boolean) => string | null;
  /** Whether so many more bytes of the body may be held, with those of all other flights. */
  readonly hold: (bytes: number) => boolean;
  readonly onSettled: (heldBytes: number) => void;
}

/** How a response is stored. */
export interface FlightPlan {
  /** Stores it with this body; false where the engine refuses it. */
  readonly store: (body: Uint8Array) => boolean;
}

/** `offer` the head, `add` the body, then `finish` or `abandon`. */
export class Flight {
  readonly #hooks: FlightHooks;
  #plan: FlightPlan | null = null;
  #chunks: Uint8Array[] = [];
  /** What `#chunks` hold. */
  #bytes = 0;
  #declaredBytes: number | undefined;
  /** Whether somebody has waited `maxWaitMs` for it: nobody else does. */
  isOverdue = false;
  #outcome: Outcome | null = null;
  readonly #waiters: ((outcome: Outcome) => void)[] = [];

  constructor(hooks: FlightHooks) {
    this.#hooks = hooks;
  }

  /**
   * Offers a head. `before`: what was there before the handler ran, which belongs to this request alone. Returns what to
   * send in its place, where the handler failed and an older response may answer, or null. The caller sends
   * `cacheStatus` with a response of its own.
   */
  offer(
    status: number,
    headers: OutgoingHttpHeaders,
    before: OutgoingHttpHeaders = {},
  ): { fallback: Answer | null; cacheStatus: string | null } {
    // Invalidated, or an inner cache has the request: whoever that is speaks for it.
    if (this.#outcome !== null) return { fallback: null, cacheStatus: null };
    const { fallback, maxBodyBytes, plan, said } = this.#hooks;
    if (status >= 500 && fallback !== null) {
      this.#settle('failed');
      return { fallback: fallback(), cacheStatus: null };
    }
    const declared = headers['content-length'];
    if (declared !== undefined) this.#declaredBytes = Number(declared);
    try {
      this.#plan = (this.#declaredBytes ?? 0) > maxBodyBytes ? null : plan(status, headers, before);
    } finally {
      // Who waits need not wait for the body of what is not stored.
      if (this.#plan === null) this.#settle('not-stored');
    }
    return { fallback: null, cacheStatus: said(this.#plan !== null) };
  }

  /** A piece of the body, as it is sent. */
  add(chunk: Uint8Array): void {
    if (this.#plan === null) return;
    const { maxBodyBytes, hold } = this.#hooks;
    if (this.#bytes + chunk.length > maxBodyBytes || !hold(chunk.length)) {
      this.#settle('not-stored');
      return;
    }
    this.#bytes += chunk.length;
    // A copy: who writes may use its buffer again, and a slice would keep all of it.
    this.#chunks.push(Buffer.from(chunk));
  }

  /** The body has ended: stores the response. */
  finish(sent: OutgoingHttpHeaders = {}): void {
    if (this.#outcome !== null) return;
    // Less than was declared is a response that was cut (RFC 9112, 8).
    const isWhole = this.#declaredBytes === undefined || this.#declaredBytes === this.#bytes;
    if (!isWhole || this.#hooks.isVetoed(sent)) {
      this.#settle('not-stored');
      return;
    }
    const isStored = this.#plan?.store(Buffer.concat(this.#chunks));
    this.#settle(isStored ? 'stored' : 'not-stored');
  }

  /** The response was cut, or something has changed what it was made from: it is not stored. After `finish` this does nothing. */
  abandon(): void {
    this.#settle('gone');
  }

  /** Resolves when the flight has settled, or to `not-stored` after `maxWaitMs`. */
  settled(maxWaitMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.isOverdue = true;
        resolve('not-stored');
      }, maxWaitMs);
      this.#waiters.push((outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
    });
  }

  #settle(outcome: Outcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#plan = null;
    this.#chunks = [];
    this.#hooks.onSettled(this.#bytes);
    for (const waiter of this.#waiters) waiter(outcome);
  }
}
