/** Connection options of both transports: one type, one place for defaults, one function that validates. */

import { invalidOption } from '../errors.js';
import { TIMER_MAX_MS } from '../scheduler.js';
import type { LogFunction } from '../server-log.js';
import type { LivenessLimits } from './liveness.js';

export interface ConnectionOptions {
  /** Connections served at once; one more is refused. Default: 1024. */
  maxConnections?: number | undefined;
  /**
   * How long a request may take to arrive, in milliseconds; the time starts again with each 64 KiB of it. Then the
   * connection is closed. `Infinity` for ever. Default: 30,000.
   */
  requestTimeoutMs?: number | undefined;
  /** Takes a line for each event worth logging at the present verbosity. */
  log?: LogFunction | undefined;
  /**
   * Takes what a removal listener throws while a client is served; that client's connection is closed. Without
   * it the error is uncaught, as with any event, and ends the process.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** Their names, for adapters that take them among their own. */
export const CONNECTION_OPTIONS: readonly (keyof ConnectionOptions)[] = [
  'maxConnections',
  'requestTimeoutMs',
  'log',
  'onError',
];

export interface ResolvedConnectionOptions extends LivenessLimits {
  readonly maxConnections: number;
  /** `Infinity` where the protocol has no ping. */
  readonly heartbeatMs: number;
}

export const DEFAULT_MAX_CONNECTIONS = 1024;
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveConnectionOptions(
  options: ConnectionOptions,
  times: { readonly idleTimeoutMs?: number; readonly heartbeatMs?: number } = {},
): ResolvedConnectionOptions {
  const { idleTimeoutMs = Number.POSITIVE_INFINITY, heartbeatMs = Number.POSITIVE_INFINITY } = times;
  const { maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw invalidOption('maxConnections', 'a whole number from 1', maxConnections);
  return {
    maxConnections,
    idleTimeoutMs: duration('idleTimeoutMs', idleTimeoutMs),
    requestTimeoutMs: duration('requestTimeoutMs', options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS),
    heartbeatMs: timerInterval('heartbeatMs', heartbeatMs),
  };
}

function duration(name: string, ms: number): number {
  if (typeof ms === 'number' && ms > 0) return ms;
  throw invalidOption(name, 'milliseconds, more than 0 (Infinity for never)', ms);
}

function timerInterval(name: string, ms: number): number {
  const isTime = Number.isSafeInteger(ms) && ms >= 1 && ms <= TIMER_MAX_MS;
  if (isTime || ms === Number.POSITIVE_INFINITY) return ms;
  throw invalidOption(name, `whole milliseconds from 1 to ${TIMER_MAX_MS}, or Infinity`, ms);
}
