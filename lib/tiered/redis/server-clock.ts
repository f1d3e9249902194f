/**
 * What the clock of the servers says, without asking them each time: entries carry the time at which they expire, by the clock of
 * the server that stored them, and a plain GET then brings value and time left.
 *
 * It is asked for in the background, and trusted for ten seconds. Until there is an answer, and where servers of a cluster differ,
 * nobody may rely on it. It errs towards later, by the round trip at most, so that an entry never seems to have more time
 * than it has. O(1).
 */

/** As long as an answer may be relied on. */
const TRUSTED_MS = 10_000;
/** When it is asked for again, if anybody wants to know. */
const REFRESH_MS = 5_000;
/** Servers of a cluster that differ by more are not one clock. */
const MAX_SKEW_MS = 1_000;

/** Where time passes in this process. */
export interface LocalClocks {
  /** Does not jump, and may stand still while the machine sleeps. */
  monotonic(): number;
  /** Jumps, and has not stood still. */
  wall(): number;
}

const SYSTEM: LocalClocks = { monotonic: () => performance.now(), wall: () => Date.now() };

export class ServerClock {
  readonly #ask: () => Promise<readonly number[]>;
  readonly #local: LocalClocks;
  #isAsking = false;
  /** When the question was sent that `#serverMs` answers. */
  #monotonicMs = Number.NEGATIVE_INFINITY;
  #wallMs = 0;
  #serverMs = 0;

  /** `ask` brings the time of each server, in milliseconds. */
  constructor(ask: () => Promise<readonly number[]>, local: LocalClocks = SYSTEM) {
    this.#ask = ask;
    this.#local = local;
  }

  /** The servers' time now, or a little later; NaN where it is not known. */
  now(): number {
    const elapsedMs = this.#local.monotonic() - this.#monotonicMs;
    if (elapsedMs > REFRESH_MS && !this.#isAsking) void this.#refresh();
    if (elapsedMs > TRUSTED_MS) return Number.NaN;
    return this.#serverMs + Math.max(elapsedMs, this.#local.wall() - this.#wallMs);
  }

  async #refresh(): Promise<void> {
    this.#isAsking = true;
    const monotonicMs = this.#local.monotonic();
    const wallMs = this.#local.wall();
    try {
      const times = await this.#ask();
      const latestMs = Math.max(...times);
      if (latestMs - Math.min(...times) <= MAX_SKEW_MS) {
        this.#monotonicMs = monotonicMs;
        this.#wallMs = wallMs;
        this.#serverMs = latestMs;
      }
    } catch {
      // Reads ask the server for the time left, and whoever reads next asks again.
    } finally {
      this.#isAsking = false;
    }
  }
}
