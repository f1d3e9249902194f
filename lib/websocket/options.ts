/** Options of a WebSocket endpoint: one type, one place for defaults, one function that validates. */

import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { ITEM_STORE_OPTIONS, type ItemStoreOptions } from '../memcached/item-store.js';
import type { Access } from '../rpc-protocol.js';
import {
  CONNECTION_OPTIONS,
  type ConnectionOptions,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../transport/connection-options.js';
import type { AccessPolicyOptions } from '../web/access-policy.js';
import { checkWebAddress, DEFAULT_WEB_HOST, type WebAddress } from '../web/listening.js';

export type { Access };

/**
 * Clients come from one of three sources: `server`, or `port` with `listen()`, or, with neither, upgrades passed to
 * `handleUpgrade`.
 */
export interface WebSocketOptions extends ItemStoreOptions, ConnectionOptions, AccessPolicyOptions {
  /** Takes upgrades of this server, HTTP or HTTPS, on `path`; its other requests are its own matter. */
  server?: HttpServer | HttpsServer | undefined;
  /** Port of a server of its own, which `listen()` starts; 0 takes a free one. */
  port?: number | undefined;
  /** Address of that server. Default: `127.0.0.1`, which only this machine can reach. */
  host?: string | undefined;
  /** The path that clients connect to, as it stands in the request, without query. Default: `/`. */
  path?: string | undefined;
  /** What clients may do. Less than `full` is without the `memcached` subprotocol. Default: `full`. */
  access?: Access | undefined;
  /**
   * The longest message of a client; a longer one closes the connection. Default: the item limit in base64, and 64 KiB. Where
   * `access` is not `full`, the item limit counts as 1 MiB at most.
   */
  maxPayloadBytes?: number | undefined;
  /** With so many bytes waiting for it, a client is not read from, and loses notifications. Default: 1 MiB. */
  maxUnsentBytes?: number | undefined;
  /** With so many bytes waiting for it, a client of `hotset.v1` is cut. Default: 32 MiB, more than a reply. */
  maxBacklogBytes?: number | undefined;
  /** Subscriptions of a connection, and prefixes and keys of a subscription. Default: 100. */
  maxSubscriptions?: number | undefined;
  /** What the subscriptions of all connections may take together, about. Default: 64 MiB. */
  maxSubscriptionBytes?: number | undefined;
  /** Requests in a batch, and keys of a `getMany`. Default: 1,000. */
  maxBatch?: number | undefined;
  /** The longest reply of `hotset.v1`. Default: 16 MiB. */
  maxReplyBytes?: number | undefined;
  /** What replies of `hotset.v1` to all clients may take while they wait; beyond it they have to be short. Default: 128 MiB. */
  maxRepliesBytes?: number | undefined;
  /**
   * Interval of pings in milliseconds. A connection is closed when no byte moves, either way, until the next ping. A
   * client gets one extra second for each 64 KiB that it was sent. `Infinity`: no pings. Default: 30,000.
   */
  heartbeatMs?: number | undefined;
  /**
   * Whether the server's figures of the last hour are kept for the live view, with those of the process: 140 kB, a timer of a second,
   * and what observes the event loop and the collector. Default: true.
   */
  history?: boolean | undefined;
}

export interface ResolvedWebSocketOptions {
  readonly server: HttpServer | HttpsServer | null;
  /** Null for an endpoint that does not listen itself. */
  readonly address: WebAddress | null;
  readonly path: string;
  readonly access: Access;
  readonly connections: ResolvedConnectionOptions;
  /** Null where it follows from the item limit. */
  readonly maxPayloadBytes: number | null;
  readonly maxUnsentBytes: number;
  readonly maxBacklogBytes: number;
  readonly maxSubscriptions: number;
  readonly maxSubscriptionBytes: number;
  readonly maxBatch: number;
  readonly maxReplyBytes: number;
  readonly maxRepliesBytes: number;
  readonly history: boolean;
}

export const DEFAULT_MAX_CONNECTIONS = 1024;
const DEFAULT_HEARTBEAT_MS = 30_000;
/** ws reads its limit into 32 bits: a larger one would be none. */
const PAYLOAD_END: number = 2 ** 31;
/** Room for what stands around a value in a request. */
const PAYLOAD_SPARE_BYTES: number = 64 * 1024;
const MIB: number = 1024 * 1024;

const ACCESSES: readonly unknown[] = ['full', 'read-only', 'metadata'] satisfies Access[];

export function isAccess(value: unknown): value is Access {
  return ACCESSES.includes(value);
}

interface Bounds {
  readonly min: number;
  readonly max?: number;
}

const LIMITS = {
  maxUnsentBytes: { min: 1, defaultValue: MIB },
  maxBacklogBytes: { min: 1, defaultValue: 32 * MIB },
  maxSubscriptions: { min: 0, defaultValue: 100 },
  maxSubscriptionBytes: { min: 0, defaultValue: 64 * MIB },
  maxBatch: { min: 1, defaultValue: 1000 },
  maxReplyBytes: { min: 1024, defaultValue: 16 * MIB },
  maxRepliesBytes: { min: 0, defaultValue: 128 * MIB },
} satisfies Partial<Record<keyof WebSocketOptions, Bounds & { defaultValue: number }>>;
const PAYLOAD_LIMIT: Bounds = { min: 1024, max: PAYLOAD_END - 1 };

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof WebSocketOptions>([
  'server',
  'port',
  'host',
  'path',
  'access',
  'hosts',
  'origins',
  'token',
  'maxPayloadBytes',
  'maxUnsentBytes',
  'maxBacklogBytes',
  'maxSubscriptions',
  'maxSubscriptionBytes',
  'maxBatch',
  'maxReplyBytes',
  'maxRepliesBytes',
  'heartbeatMs',
  'history',
  ...CONNECTION_OPTIONS,
  ...ITEM_STORE_OPTIONS,
]);

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveWebSocketOptions(options: WebSocketOptions): ResolvedWebSocketOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { server = null, path = '/', access = 'full', history = true } = options;
  if (server !== null && !(server instanceof NetServer))
    throw invalidOption('server', 'a server of node:http or node:https', server);
  if (typeof path !== 'string' || !/^\/[!-~]*$/.test(path) || /[?#]/.test(path))
    throw invalidOption('path', "a path such as '/cache', without query", path);
  if (!isAccess(access)) throw invalidOption('access', 'full, read-only or metadata', access);
  if (typeof history !== 'boolean') throw invalidOption('history', 'true or false', history);
  const { heartbeatMs = DEFAULT_HEARTBEAT_MS } = options;
  const limit = (name: keyof typeof LIMITS): number =>
    whole(name, options[name] ?? LIMITS[name].defaultValue, LIMITS[name]);
  const resolved = {
    server,
    address: addressOf(options),
    path,
    access,
    connections: resolveConnectionOptions(options, { heartbeatMs }),
    maxPayloadBytes:
      options.maxPayloadBytes === undefined
        ? null
        : whole('maxPayloadBytes', options.maxPayloadBytes, PAYLOAD_LIMIT),
    maxUnsentBytes: limit('maxUnsentBytes'),
    maxBacklogBytes: limit('maxBacklogBytes'),
    maxSubscriptions: limit('maxSubscriptions'),
    maxSubscriptionBytes: limit('maxSubscriptionBytes'),
    maxBatch: limit('maxBatch'),
    maxReplyBytes: limit('maxReplyBytes'),
    maxRepliesBytes: limit('maxRepliesBytes'),
    history,
  };
  if (resolved.maxBacklogBytes < resolved.maxUnsentBytes)
    throw invalidOption('maxBacklogBytes', 'at least maxUnsentBytes', resolved.maxBacklogBytes);
  return resolved;
}

function addressOf({ server, port, host }: WebSocketOptions): WebAddress | null {
  if (port === undefined) {
    if (host !== undefined) throw invalidOption('host', 'an address only together with a port', host);
    return null;
  }
  if (server !== undefined) throw invalidOption('port', 'the place of server, and not both', port);
  const address = { host: host ?? DEFAULT_WEB_HOST, port };
  checkWebAddress(address);
  return address;
}

function whole(name: string, value: number, { min, max = Number.MAX_SAFE_INTEGER }: Bounds): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  throw invalidOption(name, `a whole number from ${min}${upTo}`, value);
}

/** The longest message of a client that stores items of up to so many bytes, which may come in base64, or that may not store. */
export function payloadLimitBytes(maxItemBytes: number, access: Access): number {
  const maxStoredBytes = access === 'full' ? maxItemBytes : Math.min(maxItemBytes, MIB);
  return Math.ceil(maxStoredBytes / 3) * 4 + PAYLOAD_SPARE_BYTES;
}
