/** A client's options: the types, the defaults, and the functions that validate. */

import { type Clock, monotonicClock, systemClock } from '../engine/clock.js';
import { type HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import { MAX_TOPICS } from '../rpc-protocol.js';
import { type Scheduler, systemScheduler, TIMER_MAX_MS } from '../scheduler.js';
import { type SocketFactory, systemSocket } from './socket.js';

/**
 * - `connecting`: a connection is being opened.
 * - `connected`: requests are sent at once.
 * - `disconnected`: waits before it connects again; requests are queued.
 * - `closed`: for good.
 */
export type ClientState = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** What the near cache takes. */
export interface NearCacheOptions {
  /** What its entries may take, as for a `CacheEngine`. Default: `'8MiB'`. */
  maxBytes?: number | string | undefined;
  /** The most entries to hold. Default: `Infinity`. */
  maxEntries?: number | undefined;
  /** Only keys that begin with one of these are held; at most 100. Default: `['']`, every key. */
  prefixes?: readonly string[] | undefined;
  /** Reads bypass it when the last answered request was sent longer ago. Default: 30,000. */
  maxStaleMs?: number | undefined;
}

/** What a `HotsetClient` takes. */
export interface ClientOptions {
  /** The server's `token`. Default: none. */
  token?: string | undefined;
  /** Holds entries that were read, until the server reports a change. Default: none. */
  nearCache?: NearCacheOptions | undefined;
  /** How long a request may take, time in the queue included; `Infinity` for ever. Default: 5,000. */
  timeoutMs?: number | undefined;
  /** How long connecting may take. Default: 10,000. */
  connectTimeoutMs?: number | undefined;
  /**
   * How often an idle connection is checked with a ping. One on which no byte moves for so long, either way, while the
   * server owes a reply, is dropped. Default: 10,000.
   */
  heartbeatMs?: number | undefined;
  /** Before the nth attempt to connect again it waits a random part of this times 2^n. Default: 100. */
  backoffBaseMs?: number | undefined;
  /** The longest such wait. Default: 10,000. */
  maxBackoffMs?: number | undefined;
  /** The most requests that wait to be sent; more are refused. Default: 10,000. */
  maxQueued?: number | undefined;
  /** The most requests that are sent and not answered; the next ones wait. Default: 1,000. */
  maxInFlight?: number | undefined;
  /**
   * The most requests in one frame, and keys in one `getMany`: no more than the server's own `maxBatch`.
   * Requests made in the same turn share frames; 1 gives each its own. Default: 100.
   */
  maxBatch?: number | undefined;
  /** Called for each new state, with the error that led to it. */
  onStateChange?: ((state: ClientState, error?: HotsetError) => void) | undefined;
  /** Called for errors without a caller: subscriptions that the server refuses to resume, and listeners that throw. */
  onError?: ((error: unknown) => void) | undefined;
  /** Makes WebSockets. Default: those of `ws` in Node, and elsewhere the platform's own. */
  socket?: SocketFactory | undefined;
  /**
   * Where time comes from, in milliseconds. Default: a clock that never goes back, and counts time asleep as well.
   */
  clock?: Clock | undefined;
  /** Where timeouts come from. Default: `setTimeout`. */
  scheduler?: Scheduler | undefined;
  /** A number from 0 up to but not including 1, for the waits between attempts. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

export interface ResolvedNearCache {
  readonly maxBytes: number | string;
  readonly maxEntries: number;
  readonly prefixes: readonly string[];
  readonly maxStaleMs: number;
}

export interface ResolvedClient {
  readonly token: string | undefined;
  readonly nearCache: ResolvedNearCache | null;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly backoffBaseMs: number;
  readonly maxBackoffMs: number;
  readonly maxQueued: number;
  readonly maxInFlight: number;
  readonly maxBatch: number;
  readonly onStateChange: (state: ClientState, error?: HotsetError) => void;
  readonly onError: (error: unknown) => void;
  readonly socket: SocketFactory;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_MAX_STALE_MS = 30_000;

const CLIENT_OPTIONS: ReadonlySet<string> = new Set<keyof ClientOptions>([
  'token',
  'nearCache',
  'timeoutMs',
  'connectTimeoutMs',
  'heartbeatMs',
  'backoffBaseMs',
  'maxBackoffMs',
  'maxQueued',
  'maxInFlight',
  'maxBatch',
  'onStateChange',
  'onError',
  'socket',
  'clock',
  'scheduler',
  'random',
]);

const NEAR_CACHE_OPTIONS: ReadonlySet<string> = new Set<keyof NearCacheOptions>([
  'maxBytes',
  'maxEntries',
  'prefixes',
  'maxStaleMs',
]);

/**
 * Time that has passed, time asleep included: a monotonic clock may stand still while a machine sleeps, and the system's may be
 * set. Each reading adds what the faster of the two has gained, so that this one never goes back and is never late. When the
 * system's clock is set forward, the near cache is out of use until the next reply.
 */
export class ElapsedClock implements Clock {
  #elapsedMs = 0;
  #monotonicMs = monotonicClock.now();
  #systemMs = systemClock.now();

  now(): number {
    const monotonicMs = monotonicClock.now();
    const systemMs = systemClock.now();
    this.#elapsedMs += Math.max(monotonicMs - this.#monotonicMs, systemMs - this.#systemMs, 0);
    this.#monotonicMs = monotonicMs;
    this.#systemMs = systemMs;
    return this.#elapsedMs;
  }
}

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveClient(options: ClientOptions): ResolvedClient {
  rejectUnknownOptions(options, CLIENT_OPTIONS);
  const { token } = options;
  if (token !== undefined && (typeof token !== 'string' || !/^[!-~]+$/.test(token)))
    throw invalidOption('token', 'a text of visible ASCII characters', token);
  const nearCache = options.nearCache === undefined ? null : resolveNearCache(options.nearCache);
  return {
    token,
    nearCache,
    timeoutMs: timeoutOption(options.timeoutMs, DEFAULT_TIMEOUT_MS),
    connectTimeoutMs: delayOption('connectTimeoutMs', options.connectTimeoutMs, 10_000),
    heartbeatMs: delayOption('heartbeatMs', options.heartbeatMs, 10_000),
    backoffBaseMs: delayOption('backoffBaseMs', options.backoffBaseMs, 100),
    maxBackoffMs: delayOption('maxBackoffMs', options.maxBackoffMs, 10_000),
    maxQueued: limitOption('maxQueued', options.maxQueued, 10_000),
    maxInFlight: limitOption('maxInFlight', options.maxInFlight, 1000),
    maxBatch: limitOption('maxBatch', options.maxBatch, 100),
    onStateChange: functionOption('onStateChange', options.onStateChange, () => {}),
    onError: functionOption('onError', options.onError, () => {}),
    socket: functionOption('socket', options.socket, systemSocket),
    clock: methodOption('clock', 'now', options.clock, new ElapsedClock()),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    random: functionOption('random', options.random, Math.random),
  };
}

/** Its sizes are checked by the engine that it is. */
function resolveNearCache(options: NearCacheOptions): ResolvedNearCache {
  rejectUnknownOptions(options, NEAR_CACHE_OPTIONS);
  const { maxBytes = '8MiB', maxEntries = Number.POSITIVE_INFINITY, prefixes = [''] } = options;
  const areTexts = Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === 'string');
  if (!areTexts || prefixes.length === 0 || prefixes.length > MAX_TOPICS)
    throw invalidOption('prefixes', `an array of 1 to ${MAX_TOPICS} texts`, prefixes);
  return {
    maxBytes,
    maxEntries,
    prefixes: [...prefixes],
    maxStaleMs: delayOption('maxStaleMs', options.maxStaleMs, DEFAULT_MAX_STALE_MS),
  };
}

/** Milliseconds that a timer can wait, or `Infinity` for no timer. Throws `HOTSET_INVALID_OPTION`. */
export function timeoutOption(value: number | undefined, defaultValue: number): number {
  return value === Number.POSITIVE_INFINITY ? value : delayOption('timeoutMs', value, defaultValue);
}

function delayOption(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0 && value <= TIMER_MAX_MS))
    throw invalidOption(name, `milliseconds, more than 0 and at most ${TIMER_MAX_MS}`, value);
  return value;
}
