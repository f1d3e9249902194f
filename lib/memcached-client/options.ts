/** A memcached client's options: the types, the defaults, and the function that validates. */

import type { ConnectionOptions } from 'node:tls';
import { type Clock, monotonicClock } from '../engine/clock.js';
import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import { type Scheduler, systemScheduler, TIMER_MAX_MS } from '../scheduler.js';

/**
 * - `connecting`: a connection is being opened; requests wait for it.
 * - `connected`: requests are sent at once.
 * - `disconnected`: waits before it connects again; requests are refused.
 * - `closed`: for good.
 */
export type MemcachedClientState = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** What a `MemcachedClient` takes. */
export interface MemcachedClientOptions {
  /** Connects with TLS: true, or what `tls.connect` takes besides the address. Default: false. */
  tls?: boolean | ConnectionOptions | undefined;
  /** User and password for a server with `-Y`. Default: none. */
  auth?: { readonly user: string; readonly password: string } | undefined;
  /**
   * How long a request may take, time in the queue included; `Infinity` for ever. A connection on which no byte comes for so long,
   * while the server owes an answer, is dropped. Default: 5,000.
   */
  timeoutMs?: number | undefined;
  /** How long connecting may take, TLS and authentication included. Default: 5,000. */
  connectTimeoutMs?: number | undefined;
  /** Before the nth attempt to connect again it waits a random part of this times 2^n. Default: 100. */
  backoffBaseMs?: number | undefined;
  /** The longest such wait. Default: 10,000. */
  maxBackoffMs?: number | undefined;
  /** The most requests that wait to be sent; more are refused. Default: 50,000. */
  maxQueued?: number | undefined;
  /** What they may take together, in bytes. Default: 64 MiB. */
  maxQueuedBytes?: number | undefined;
  /** The most requests that are sent and not answered; the next ones wait. Default: 1,000. */
  maxInFlight?: number | undefined;
  /** The largest value that is read: a longer one is passed over, and is an error for who asked. Default: 1 MiB, memcached's own limit. */
  maxValueBytes?: number | undefined;
  /** Called for each new state, with the error that led to it. What it throws is ignored. */
  onStateChange?: ((state: MemcachedClientState, error?: Error) => void) | undefined;
  /** Measures durations. Default: a clock that never goes back. */
  clock?: Clock | undefined;
  /** Where timeouts come from. Default: `setTimeout`. */
  scheduler?: Scheduler | undefined;
  /** A number from 0 up to but not including 1, for the waits between attempts. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

export interface ResolvedMemcachedClient {
  readonly tls: ConnectionOptions | null;
  readonly auth: { readonly user: string; readonly password: string } | null;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoffBaseMs: number;
  readonly maxBackoffMs: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly maxInFlight: number;
  readonly maxValueBytes: number;
  readonly onStateChange: (state: MemcachedClientState, error?: Error) => void;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

export const MEMCACHED_CLIENT_OPTIONS: readonly (keyof MemcachedClientOptions)[] = [
  'tls',
  'auth',
  'timeoutMs',
  'connectTimeoutMs',
  'backoffBaseMs',
  'maxBackoffMs',
  'maxQueued',
  'maxQueuedBytes',
  'maxInFlight',
  'maxValueBytes',
  'onStateChange',
  'clock',
  'scheduler',
  'random',
];

const KNOWN: ReadonlySet<string> = new Set(MEMCACHED_CLIENT_OPTIONS);

const DEFAULT_TIMEOUT_MS = 5000;
/** A LoadingCache has 10,000 flights, and a tiered cache makes some requests for each. */
const DEFAULT_MAX_QUEUED = 50_000;
const DEFAULT_MAX_QUEUED_BYTES: number = 64 * 1024 * 1024;
export const DEFAULT_READ_MAX_BYTES: number = 1024 * 1024;
/** memcached's own bound of `-I`. */
export const VALUE_MAX_BYTES: number = 1024 * 1024 * 1024;

/** Checks options and fills in defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveMemcachedClient(options: MemcachedClientOptions): ResolvedMemcachedClient {
  rejectUnknownOptions(options, KNOWN);
  const { tls = false, auth, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null))
    throw invalidOption('tls', 'true, false or the options of tls.connect', tls);
  if (auth !== undefined) checkAuth(auth);
  const maxValueBytes = limitOption('maxValueBytes', options.maxValueBytes, DEFAULT_READ_MAX_BYTES);
  if (maxValueBytes > VALUE_MAX_BYTES)
    throw invalidOption('maxValueBytes', `bytes from 1 to ${VALUE_MAX_BYTES}`, maxValueBytes);
  return {
    tls: tls === false ? null : tls === true ? {} : tls,
    auth: auth ?? null,
    timeoutMs:
      timeoutMs === Number.POSITIVE_INFINITY
        ? timeoutMs
        : delayOption('timeoutMs', timeoutMs, DEFAULT_TIMEOUT_MS),
    connectTimeoutMs: delayOption('connectTimeoutMs', options.connectTimeoutMs, DEFAULT_TIMEOUT_MS),
    backoffBaseMs: delayOption('backoffBaseMs', options.backoffBaseMs, 100),
    maxBackoffMs: delayOption('maxBackoffMs', options.maxBackoffMs, 10_000),
    maxQueued: limitOption('maxQueued', options.maxQueued, DEFAULT_MAX_QUEUED),
    maxQueuedBytes: limitOption('maxQueuedBytes', options.maxQueuedBytes, DEFAULT_MAX_QUEUED_BYTES),
    maxInFlight: limitOption('maxInFlight', options.maxInFlight, 1000),
    maxValueBytes,
    onStateChange: functionOption('onStateChange', options.onStateChange, () => {}),
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    random: functionOption('random', options.random, Math.random),
  };
}

/** A blank in the user's name would begin the password. */
function checkAuth(auth: NonNullable<MemcachedClientOptions['auth']>): void {
  const { user, password } = auth ?? {};
  const isAuth =
    typeof user === 'string' && user !== '' && !user.includes(' ') && typeof password === 'string';
  // Passwords are not shown.
  if (!isAuth)
    throw invalidOption('auth', '{ user, password }, two texts, user without a blank', typeof auth);
}

function delayOption(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0 && value <= TIMER_MAX_MS))
    throw invalidOption(name, `milliseconds, more than 0 and at most ${TIMER_MAX_MS}`, value);
  return value;
}
