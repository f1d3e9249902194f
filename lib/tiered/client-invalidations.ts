/**
 * Changes on a hotset server, by its own subscriptions: an invalidation source for a tiered cache whose second tier is the same server.
 *
 * - What leaves the server by itself is reported too: a turn's changes of a key come as one, with the last cause, so that an eviction
 *   may hide a write.
 * - The client's own writes are left out (`noEcho`), so that a client serves one tiered cache.
 * - A key that was hashed for its length cannot be named: everything may have changed then.
 *
 * `alive` needs two pings: the server sends changes at the end of the turn in which they were made, so that the reply to a ping may
 * be ahead of a change before it. The reply to a second one, sent after the first reply, is not.
 */

import type { HotsetClient, Invalidation } from '../client/index.js';
import { type Clock, monotonicClock } from '../engine/clock.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import { methodOption } from '../options.js';
import { type ScheduledTask, type Scheduler, systemScheduler, TIMER_MAX_MS } from '../scheduler.js';
import type { InvalidationListener, InvalidationSource } from './second-tier.js';
import { keyOfWireKey, wirePrefixOf } from './wire-key.js';

/** What `clientInvalidations` takes. */
export interface ClientInvalidationsOptions {
  /** Leaves out what this client itself changes. False where several tiered caches share it. Default: true. */
  noEcho?: boolean | undefined;
  /** How often the server is asked for a sign of life, in milliseconds. Default: 3,000. */
  pingMs?: number | undefined;
  /** The clock of `alive`. Default: a clock that never goes back. */
  clock?: Clock | undefined;
  /** Where timeouts come from. Default: `setTimeout`. */
  scheduler?: Scheduler | undefined;
}

interface Resolved {
  readonly noEcho: boolean;
  readonly pingMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof ClientInvalidationsOptions>([
  'noEcho',
  'pingMs',
  'clock',
  'scheduler',
]);

/**
 * An invalidation source over the subscriptions of `client`, which stays its owner's to close. Throws `HOTSET_INVALID_ARGUMENT` and
 * `HOTSET_INVALID_OPTION`; `start` throws the former for a prefix of more than 128 bytes.
 */
export function clientInvalidations(
  client: HotsetClient,
  options: ClientInvalidationsOptions = {},
): InvalidationSource {
  if (typeof client?.watchState !== 'function') throw invalidArgument('client', 'a HotsetClient', client);
  rejectUnknownOptions(options, OPTIONS);
  const { noEcho = true, pingMs = 3000 } = options;
  if (typeof noEcho !== 'boolean') throw invalidOption('noEcho', 'true or false', noEcho);
  if (typeof pingMs !== 'number' || !(pingMs > 0 && pingMs <= TIMER_MAX_MS))
    throw invalidOption('pingMs', `milliseconds, more than 0 and at most ${TIMER_MAX_MS}`, pingMs);
  const resolved: Resolved = {
    noEcho,
    pingMs,
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
  };
  let watch: Watch | null = null;
  return {
    name: 'hotset',
    start: (prefix, listener) => {
      watch?.stop();
      watch = new Watch(client, wirePrefixOf(prefix), listener, resolved);
    },
    stop: async () => {
      watch?.stop();
      watch = null;
    },
  };
}

/** From one `start` to its `stop`. */
class Watch {
  readonly #client: HotsetClient;
  readonly #prefix: string;
  readonly #listener: InvalidationListener;
  readonly #options: Resolved;
  readonly #ends: AbortController = new AbortController();
  readonly #unwatch: () => void;
  #unsubscribe: () => void = () => {};
  #timer: ScheduledTask | null = null;
  #isUp = false;
  /** When the connection came up over which the subscription is; no change before it is missing once it stands. */
  #sinceMs: number;

  constructor(client: HotsetClient, prefix: string, listener: InvalidationListener, options: Resolved) {
    this.#client = client;
    this.#prefix = prefix;
    this.#listener = listener;
    this.#options = options;
    this.#sinceMs = options.clock.now();
    this.#unwatch = client.watchState((state, error) => {
      if (state === 'connected') this.#sinceMs = options.clock.now();
      else this.#down(error);
    });
    void this.#subscribe();
  }

  stop(): void {
    this.#ends.abort();
    this.#unwatch();
    this.#unsubscribe();
    this.#timer?.();
  }

  get #isOver(): boolean {
    return this.#ends.signal.aborted;
  }

  /** Waits for a connection for as long as it takes; the client resumes it after each later one. */
  async #subscribe(): Promise<void> {
    const { noEcho, pingMs } = this.#options;
    try {
      this.#unsubscribe = await this.#client.subscribe(
        { prefixes: [this.#prefix], noEcho },
        (invalidation) => this.#onInvalidation(invalidation),
        { timeoutMs: Number.POSITIVE_INFINITY, signal: this.#ends.signal },
      );
      if (this.#isOver) this.#unsubscribe();
      else this.#up();
    } catch (error) {
      if (this.#isOver) return;
      this.#listener.disconnected(error);
      if (this.#client.state !== 'closed') this.#after(pingMs, () => this.#subscribe());
    }
  }

  #onInvalidation({ key, cause }: Invalidation): void {
    if (this.#isOver) return;
    // It may come before the promise of the subscription has resolved.
    this.#up();
    if (cause === 'reconnected') return;
    const text = key === undefined ? undefined : keyOfWireKey(key);
    if (text === undefined) this.#listener.allChanged();
    else this.#listener.keysChanged([text]);
  }

  #up(): void {
    if (this.#isUp || this.#client.state !== 'connected') return;
    this.#isUp = true;
    this.#listener.connected();
    this.#listener.alive?.(this.#sinceMs);
    this.#after(this.#options.pingMs, () => this.#ping());
  }

  #down(error: unknown): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (wasUp) this.#listener.disconnected(error);
  }

  async #ping(): Promise<void> {
    const { clock, pingMs } = this.#options;
    const signal = this.#ends.signal;
    const since = this.#sinceMs;
    const sentAtMs = clock.now();
    try {
      await this.#client.ping({ signal });
      await this.#client.ping({ signal });
      if (this.#isUp && !this.#isOver && since === this.#sinceMs) this.#listener.alive?.(sentAtMs);
    } catch {
      // The state of the connection says what there is to say.
    }
    if (this.#isUp && !this.#isOver) this.#after(pingMs, () => this.#ping());
  }

  /** One at a time: the next ping, or the next attempt to subscribe. */
  #after(delayMs: number, task: () => Promise<void>): void {
    this.#timer?.();
    this.#timer = this.#options.scheduler.schedule(delayMs, () => {
      void task();
    });
  }
}
