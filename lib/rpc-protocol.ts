/**
 * hotset.v1, once for both sides: methods with their params and results, notifications, error codes, close codes and
 * limits. The server (websocket/rpc/) checks requests against these tables, the client (client/) is typed by them, and
 * a spec compares them with docs/websocket.md.
 */

export const SUBPROTOCOL = 'hotset.v1';

/** A browser cannot set headers: it offers its token as a second subprotocol, this and the token in base64url. */
export const TOKEN_SUBPROTOCOL = 'hotset.token.';

/** What clients may do: everything, nothing that changes an entry, or not see values either. */
export type Access = 'full' | 'read-only' | 'metadata';

/** What a method does with entries. */
type Need = 'metadata' | 'values' | 'changes';

export const ALLOWED_NEEDS: Readonly<Record<Access, readonly Need[]>> = {
  full: ['metadata', 'values', 'changes'],
  'read-only': ['metadata', 'values'],
  metadata: ['metadata'],
};

// Limits

/** Prefixes and keys of one subscription. */
export const MAX_TOPICS = 100;
/** Keys and prefixes that one `hot` returns, and how many when it does not say. */
export const MAX_HOT = 100;
export const DEFAULT_HOT = 20;
/** How deep arrays and objects may be nested in a value that is written. */
export const MAX_JSON_DEPTH = 1000;
/** Values in the JSON of a frame or of a stored value, each element and member counted. */
export const MAX_JSON_NODES = 1_000_000;
/** The JSON of a request's id, in UTF-16 units. */
export const MAX_ID_LENGTH = 1024;

// Methods

/** Milliseconds, or null for never. */
export type TtlMs = number | null;

interface StoreParams {
  readonly key: string;
  /** The value's JSON as it came: strings are stored as text, and everything else as this JSON, digit for digit. */
  readonly value: string | undefined;
  /** In place of `value`. */
  readonly base64: string | undefined;
  readonly ttlMs: TtlMs | undefined;
  readonly flags: number | undefined;
}

/** What each method takes. */
export interface Params {
  get: { readonly key: string; readonly as: 'base64' | undefined };
  getMany: { readonly keys: readonly string[]; readonly as: 'base64' | undefined };
  set: StoreParams;
  add: StoreParams;
  replace: StoreParams;
  compareAndSet: StoreParams & { readonly version: string };
  delete: { readonly key: string };
  touch: { readonly key: string; readonly ttlMs: TtlMs };
  increment: { readonly key: string; readonly by: number | undefined };
  flush: object;
  subscribe: {
    readonly prefixes: readonly string[] | undefined;
    readonly keys: readonly string[] | undefined;
    readonly noEcho: boolean | undefined;
  };
  unsubscribe: { readonly subscription: number };
  inspect: { readonly key: string };
  hot: { readonly limit: number | undefined };
  stats: object;
  ping: object;
}

export type MethodName = keyof Params;

export interface Param<T> {
  /** What it takes, in words. */
  readonly expected: string;
  readonly isRequired: boolean;
  readonly accepts: (value: unknown) => boolean;
  /** The method gets the JSON text. */
  readonly isJson?: boolean;
  /** For the compiler alone. */
  readonly type?: T;
}

export type ParamTable = Readonly<Record<string, Param<unknown>>>;

interface Method<Name extends MethodName> {
  readonly needs: Need;
  readonly params: { readonly [P in keyof Params[Name]]: Param<Params[Name][P]> };
}

const CAS_ID = /^\d{1,20}$/;
/** Flat, so that a long text costs no stack; the length says the rest. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isWithin =
  (min: number, max: number) =>
  (value: unknown): value is number =>
    isWhole(value) && value >= min && value <= max;
const isTtlMs = (value: unknown): value is TtlMs =>
  value === null || (isNumber(value) && value >= 0 && Number.isFinite(value));
const isCasId = (value: unknown): value is string => isText(value) && CAS_ID.test(value);
const isAsBase64 = (value: unknown): value is 'base64' => value === 'base64';
const isBase64 = (value: unknown): value is string =>
  isText(value) && value.length % 4 === 0 && BASE64.test(value);

function required<T>(expected: string, accepts: (value: unknown) => value is T): Param<T> {
  return { expected, isRequired: true, accepts };
}

function optional<T>(expected: string, accepts: (value: unknown) => value is T): Param<T | undefined> {
  return { expected, isRequired: false, accepts };
}

const TTL_EXPECTED = 'milliseconds, 0 or more, or null for never';
const TEXTS_EXPECTED = 'an array of texts';
const KEY = required('a text', isText);
const AS = optional('"base64"', isAsBase64);
const STORE: Method<'set'>['params'] = {
  key: KEY,
  value: { ...optional('JSON', isText), isJson: true },
  base64: optional('base64', isBase64),
  ttlMs: optional(TTL_EXPECTED, isTtlMs),
  flags: optional('a whole number from 0 to 4294967295', isWithin(0, 2 ** 32 - 1)),
};

export const METHODS: { readonly [Name in MethodName]: Method<Name> } = {
  get: { needs: 'values', params: { key: KEY, as: AS } },
  getMany: { needs: 'values', params: { keys: required(TEXTS_EXPECTED, isTexts), as: AS } },
  set: { needs: 'changes', params: STORE },
  add: { needs: 'changes', params: STORE },
  replace: { needs: 'changes', params: STORE },
  compareAndSet: { needs: 'changes', params: { ...STORE, version: required('a text of digits', isCasId) } },
  delete: { needs: 'changes', params: { key: KEY } },
  touch: { needs: 'changes', params: { key: KEY, ttlMs: required(TTL_EXPECTED, isTtlMs) } },
  increment: {
    needs: 'changes',
    params: { key: KEY, by: optional('a whole number, of at most 2^53 - 1 either way', isWhole) },
  },
  flush: { needs: 'changes', params: {} },
  subscribe: {
    needs: 'metadata',
    params: {
      prefixes: optional(TEXTS_EXPECTED, isTexts),
      keys: optional(TEXTS_EXPECTED, isTexts),
      noEcho: optional('true or false', isBoolean),
    },
  },
  unsubscribe: {
    needs: 'metadata',
    params: { subscription: required('the number that subscribe has given', isNumber) },
  },
  inspect: { needs: 'metadata', params: { key: KEY } },
  hot: {
    needs: 'metadata',
    params: { limit: optional(`a whole number from 1 to ${MAX_HOT}`, isWithin(1, MAX_HOT)) },
  },
  stats: { needs: 'metadata', params: {} },
  ping: { needs: 'metadata', params: {} },
};

// Results

/** An entry: `value` or `base64`, and `ttlMs`, what is left of its time. */
export interface EntryResult {
  readonly value?: unknown;
  readonly base64?: string;
  readonly flags: number;
  /** Changes with each write; null where the server has no cas ids. */
  readonly version: string | null;
  readonly ttlMs: TtlMs;
}

export interface WriteResult {
  readonly result: 'stored' | 'exists' | 'not-found';
  /** Of what was stored. */
  readonly version?: string | null;
}

/** What the server knows of an entry, without its value. */
export interface InspectResult {
  readonly bytes: number;
  readonly flags: number;
  readonly version: string | null;
  readonly ttlMs: TtlMs;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly fetched: boolean;
  readonly valueBytes: number;
}

export interface HotKey {
  readonly key: string;
  /** At least. */
  readonly reads: number;
  /** 0 for a key without an entry. */
  readonly bytes: number;
}

export interface HotPrefix {
  readonly prefix: string;
  /** At least. */
  readonly reads: number;
  /** Of those of its keys that are counted one by one at present: the entries that they have. */
  readonly bytes: number;
  readonly keys: number;
}

/** What was read most recently. */
export interface HotResult {
  /** How long reads have been counted. */
  readonly sampledMs: number;
  readonly reads: number;
  readonly keys: readonly HotKey[];
  readonly prefixes: readonly HotPrefix[];
}

/** A server's figures: the engine's, memcached's counters by their names, and those of all transports. */
export interface StatsResult<Engine> {
  readonly version: string;
  readonly access: Access;
  readonly uptimeMs: number;
  /** As `engine.stats()` gives it. */
  readonly engine: Engine;
  readonly commands: Readonly<Record<string, number>>;
  readonly connections: {
    readonly current: number;
    readonly total: number;
    readonly rejected: number;
    readonly max: number;
  };
  readonly network: { readonly bytesRead: number; readonly bytesWritten: number };
}

// Notifications

/** Why an entry changed, as the engine names it. */
export type ChangeCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired';

export interface Notifications {
  invalidated: { readonly key: string; readonly cause: ChangeCause; readonly version: string | null };
  invalidatedAll: { readonly cause: 'cleared' | 'lagged' };
  lagged: { readonly dropped: number };
}

// Errors

/** The standard's. */
export const RPC_ERRORS = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const;

/** Ours: what stands in `data.code`, and the number that JSON-RPC asks for. */
export const HOTSET_RPC_ERRORS = {
  HOTSET_TOO_LARGE: -32000,
  HOTSET_NO_ROOM: -32001,
  HOTSET_FORBIDDEN: -32002,
  HOTSET_INVALID_KEY: -32003,
  HOTSET_NOT_A_NUMBER: -32004,
  HOTSET_TOO_MANY: -32005,
  HOTSET_REPLY_TOO_LARGE: -32006,
  HOTSET_NO_VERSIONS: -32007,
} as const;

export type HotsetRpcCode = keyof typeof HOTSET_RPC_ERRORS;

/** Why a side ends the connection (RFC 6455, 7.4). */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;
