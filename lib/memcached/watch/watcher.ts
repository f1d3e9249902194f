/** One connection's queue of log lines, bounded in bytes. */

/** As memcached's buffer for a watcher. */
export const WATCHER_BUFFER_BYTES: number = 256 * 1024;

export class Watcher {
  /** The categories watched: see lines.ts. */
  readonly mask: number;
  readonly #wake: () => void;
  readonly #leave: () => void;
  /** Begins with the answer to `watch`. */
  #waiting = 'OK\r\n';
  /** Lines lost since the last one that found room. */
  #skipped = 0;
  /** Woken, and nothing taken since. */
  #awake = false;

  constructor(mask: number, wake: () => void, leave: () => void) {
    this.mask = mask;
    this.#wake = wake;
    this.#leave = leave;
  }

  /** Appends a line of latin1 text with its LF; false when there is no room, and it is only counted. */
  put(line: string): boolean {
    const text = this.#skipped === 0 ? line : `skipped=${this.#skipped}\n${line}`;
    if (this.#waiting.length + text.length > WATCHER_BUFFER_BYTES) {
      this.#skipped++;
      return false;
    }
    this.#skipped = 0;
    this.#waiting += text;
    return true;
  }

  /** Whether there is something to take. */
  get waits(): boolean {
    return this.#waiting !== '';
  }

  /** Calls `wake` once when lines wait. */
  wakeIfNeeded(): void {
    if (this.#awake || this.#waiting === '') return;
    this.#awake = true;
    this.#wake();
  }

  /** All that waits; at first, the answer to `watch`. */
  take(): string {
    const taken = this.#waiting;
    this.#waiting = '';
    this.#awake = false;
    return taken;
  }

  /** The connection is gone. May be called again. */
  close(): void {
    this.#waiting = '';
    this.#awake = true;
    this.#leave();
  }
}
