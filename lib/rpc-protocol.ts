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
/** Tags of one entry, and of one `invalidateTags`; and the length of a tag, in UTF-16 units. */
export const MAX_TAGS = 128;
export const MAX_TAG_LENGTH = 256;
/** Keys that one `keys` returns, and how many when it does not say. */
export const MAX_KEYS = 1000;
export const DEFAULT_KEYS = 100;
/** Entries that one `keys` or `deletePrefix` looks at, and that one `invalidateTags` removes: the next one goes on from there. */
export const MAX_SCANNED = 100_000;
/** How deep arrays and objects may be nested in a value that is written. */
export const MAX_JSON_DEPTH = 1000;
/** Values in the JSON of a frame or of a stored value, each element and member counted. */
export const MAX_JSON_NODES = 1_000_000;
/** The JSON of a request's id, in UTF-16 units. */
export const MAX_ID_LENGTH = 1024;

// Methods

/** Milliseconds, or null for never. */
export type TtlMs = number | null;

/** A whole number: beyond 2^53 as a text of digits. */
export type Whole = number | string;

interface ExtendParams {
  readonly key: string;
  readonly value: string | undefined;
  /** In place of `value`. */
  readonly base64: string | undefined;
}

interface StoreParams {
  readonly key: string;
  /** The value's JSON as it came: strings are stored as text, and everything else as this JSON, digit for digit. */
  readonly value: string | undefined;
  /** In place of `value`. */
  readonly base64: string | undefined;
  readonly ttlMs: TtlMs | undefined;
  readonly flags: number | undefined;
  readonly tags: readonly string[] | undefined;
}

/** What each method takes. */
export interface Params {
  get: { readonly key: string; readonly as: 'base64' | undefined };
  getMany: { readonly keys: readonly string[]; readonly as: 'base64' | undefined };
  set: StoreParams;
  add: StoreParams;
  replace: StoreParams;
  compareAndSet: StoreParams & { readonly version: string };
  append: ExtendParams;
  prepend: ExtendParams;
  delete: { readonly key: string };
  getAndDelete: { readonly key: string; readonly as: 'base64' | undefined };
  deletePrefix: { readonly prefix: string; readonly cursor: string | undefined };
  invalidateTags: { readonly tags: readonly string[] };
  touch: { readonly key: string; readonly ttlMs: TtlMs };
  getAndTouch: { readonly key: string; readonly ttlMs: TtlMs; readonly as: 'base64' | undefined };
  increment: {
    readonly key: string;
    readonly by: Whole | undefined;
    readonly initial: Whole | undefined;
    readonly ttlMs: TtlMs | undefined;
  };
  getOrLease: {
    readonly key: string;
    readonly leaseMs: number;
    readonly staleBelowMs: TtlMs | undefined;
    readonly takeFrom: string | undefined;
    readonly as: 'base64' | undefined;
  };
  fill: StoreParams & { readonly lease: string };
  release: { readonly key: string; readonly lease: string };
  flush: object;
  subscribe: {
    readonly prefixes: readonly string[] | undefined;
    readonly keys: readonly string[] | undefined;
    readonly noEcho: boolean | undefined;
  };
  unsubscribe: { readonly subscription: number };
  inspect: { readonly key: string };
  keys: {
    readonly prefix: string | undefined;
    readonly cursor: string | undefined;
    readonly limit: number | undefined;
  };
  hot: { readonly limit: number | undefined };
  missRatioCurve: object;
  history: object;
  stats: object;
  ping: object;
}

export type MethodName = keyof Params;

export interface Param<T> {
  /** What it takes, as error messages say it. */
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
const DIGITS = /^-?\d{1,20}$/;
const UINT64_END = 2n ** 64n;
/** A character class without repetition of groups: a long text costs no stack. The length is checked apart. */
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
const isUint64 = (value: unknown): value is Whole =>
  isWhole(value) ? value >= 0 : isText(value) && CAS_ID.test(value) && BigInt(value) < UINT64_END;
const isDelta = (value: unknown): value is Whole =>
  isWhole(value) ||
  (isText(value) && DIGITS.test(value) && isUint64(value.startsWith('-') ? value.slice(1) : value));
const isPrefix = (value: unknown): value is string => isText(value) && value !== '';
const isTags = (value: unknown): value is readonly string[] =>
  isTexts(value) &&
  value.length <= MAX_TAGS &&
  value.every(({ length }) => isWithin(1, MAX_TAG_LENGTH)(length));
const isLeaseMs = (value: unknown): value is number => isNumber(value) && value > 0 && Number.isFinite(value);
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
const TAGS_EXPECTED = `an array of at most ${MAX_TAGS} texts of 1 to ${MAX_TAG_LENGTH} characters`;
const KEY = required('a text', isText);
const AS = optional('"base64"', isAsBase64);
const TTL_MS = required(TTL_EXPECTED, isTtlMs);
const LEASE = required('the text that getOrLease returned', isText);
const CURSOR = optional('the text that the request before returned', isText);
const EXTEND: Method<'append'>['params'] = {
  key: KEY,
  value: optional('a text', isText),
  base64: optional('base64', isBase64),
};
const STORE: Method<'set'>['params'] = {
  key: KEY,
  value: { ...optional('JSON', isText), isJson: true },
  base64: optional('base64', isBase64),
  ttlMs: optional(TTL_EXPECTED, isTtlMs),
  flags: optional('a whole number from 0 to 4294967295', isWithin(0, 2 ** 32 - 1)),
  tags: optional(TAGS_EXPECTED, isTags),
};

export const METHODS: { readonly [Name in MethodName]: Method<Name> } = {
  get: { needs: 'values', params: { key: KEY, as: AS } },
  getMany: { needs: 'values', params: { keys: required(TEXTS_EXPECTED, isTexts), as: AS } },
  set: { needs: 'changes', params: STORE },
  add: { needs: 'changes', params: STORE },
  replace: { needs: 'changes', params: STORE },
  compareAndSet: { needs: 'changes', params: { ...STORE, version: required('a text of digits', isCasId) } },
  append: { needs: 'changes', params: EXTEND },
  prepend: { needs: 'changes', params: EXTEND },
  delete: { needs: 'changes', params: { key: KEY } },
  getAndDelete: { needs: 'changes', params: { key: KEY, as: AS } },
  deletePrefix: {
    needs: 'changes',
    params: { prefix: required('a text of at least one character', isPrefix), cursor: CURSOR },
  },
  invalidateTags: { needs: 'changes', params: { tags: required(TAGS_EXPECTED, isTags) } },
  touch: { needs: 'changes', params: { key: KEY, ttlMs: TTL_MS } },
  getAndTouch: { needs: 'changes', params: { key: KEY, ttlMs: TTL_MS, as: AS } },
  increment: {
    needs: 'changes',
    params: {
      key: KEY,
      by: optional(
        'a whole number, of at most 2^53 - 1 either way, or below 2^64 as a text of digits',
        isDelta,
      ),
      initial: optional(
        'a whole number from 0, of at most 2^53 - 1, or below 2^64 as a text of digits',
        isUint64,
      ),
      ttlMs: optional(TTL_EXPECTED, isTtlMs),
    },
  },
  getOrLease: {
    needs: 'changes',
    params: {
      key: KEY,
      leaseMs: required('milliseconds, more than 0', isLeaseMs),
      staleBelowMs: optional(TTL_EXPECTED, isTtlMs),
      takeFrom: optional('a text of digits', isCasId),
      as: AS,
    },
  },
  fill: { needs: 'changes', params: { ...STORE, lease: LEASE } },
  release: { needs: 'changes', params: { key: KEY, lease: LEASE } },
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
    params: { subscription: required('the number that subscribe returned', isNumber) },
  },
  inspect: { needs: 'metadata', params: { key: KEY } },
  keys: {
    needs: 'metadata',
    params: {
      prefix: optional('a text', isText),
      cursor: CURSOR,
      limit: optional(`a whole number from 1 to ${MAX_KEYS}`, isWithin(1, MAX_KEYS)),
    },
  },
  hot: {
    needs: 'metadata',
    params: { limit: optional(`a whole number from 1 to ${MAX_HOT}`, isWithin(1, MAX_HOT)) },
  },
  missRatioCurve: { needs: 'metadata', params: {} },
  history: { needs: 'metadata', params: {} },
  stats: { needs: 'metadata', params: {} },
  ping: { needs: 'metadata', params: {} },
};

// Results

/** An entry. */
export interface EntryResult {
  /** Text, or JSON. Absent where `base64` is present. */
  readonly value?: unknown;
  /** Bytes. */
  readonly base64?: string;
  /** The flags that the writer gave. */
  readonly flags: number;
  /** Changes with each write; null where the server has no cas ids. */
  readonly version: string | null;
  /** Milliseconds until it expires; null for never. */
  readonly ttlMs: TtlMs;
}

/** What became of a write. */
export interface WriteResult {
  /** Whether the value was stored, and if not, why. */
  readonly result: 'stored' | 'exists' | 'not-found';
  /** Of what was stored. */
  readonly version?: string | null;
}

/** What `getOrLease` brings. */
export interface LeaseResult {
  /** What is there; null for nothing. With `lease` or `isLoading` it is stale. */
  readonly entry: EntryResult | null;
  /** The client is to load, and is the only one: for `fill` or `release`. Null for others. */
  readonly lease: string | null;
  /** Another client has the lease. */
  readonly isLoading: boolean;
}

/** Some of the keys. */
export interface KeysResult {
  /** May be empty, though there are more. */
  readonly keys: readonly string[];
  /** For the next request; null at the end. */
  readonly cursor: string | null;
}

/** What a request has deleted. */
export interface DeletedResult {
  /** How many entries. */
  readonly deleted: number;
  /** For the next request; null at the end. */
  readonly cursor: string | null;
}

/** What a request has removed. */
export interface InvalidatedResult {
  /** How many entries. */
  readonly removed: number;
  /** Whether there are others, for the next request. */
  readonly more: boolean;
}

/** What the server knows of an entry, without its value. */
export interface InspectResult {
  /** Counted bytes: key, value and overhead. */
  readonly bytes: number;
  /** The flags that the writer gave. */
  readonly flags: number;
  /** Changes with each write; null where the server has no cas ids. */
  readonly version: string | null;
  /** Milliseconds until it expires; null for never. */
  readonly ttlMs: TtlMs;
  /** Milliseconds since the value was stored; null where the store does not keep that. */
  readonly ageMs: number | null;
  /** Milliseconds since it was last read or stored. */
  readonly idleMs: number;
  /** Whether it has been read since it was stored. */
  readonly fetched: boolean;
  /** Bytes of the value on the wire. */
  readonly valueBytes: number;
}

/** A key that is read often. */
export interface HotKey {
  /** The key. */
  readonly key: string;
  /** Reads: a lower bound. */
  readonly reads: number;
  /** Counted bytes of its entry; 0 where there is none. */
  readonly bytes: number;
}

/** A prefix whose keys are read often. */
export interface HotPrefix {
  /** The prefix. */
  readonly prefix: string;
  /** Reads: a lower bound. */
  readonly reads: number;
  /** Counted bytes of the entries of `keys`. */
  readonly bytes: number;
  /** How many of its keys are counted one by one at present. */
  readonly keys: number;
}

/** What was read most recently. */
export interface HotKeys {
  /** How long reads have been counted. */
  readonly sampledMs: number;
  /** Reads counted in that time. */
  readonly reads: number;
  /** The keys that were read most, most read first. */
  readonly keys: readonly HotKey[];
  /** The prefixes of keys that were read most, most read first. */
  readonly prefixes: readonly HotPrefix[];
}

/** What a server's process takes. Peaks are those of about the last second. */
export interface ProcessFigures {
  /** Memory that the system gives it. */
  readonly residentBytes: number;
  /** What objects take in V8's heap. */
  readonly heapBytes: number;
  /** The longest delay of the event loop: a peak. */
  readonly loopDelayMs: number;
  /** The longest pause of the garbage collector: a peak. */
  readonly collectorPauseMs: number;
  /** All pauses since the endpoint was made. */
  readonly collectorMs: number;
}

/** The last hour of a server's figures. */
export interface HistoryResult {
  /** Milliseconds since the server started. */
  readonly uptimeMs: number;
  /**
   * Figures by their paths in the result of `stats`, such as `engine.hits`: a number for each time, the oldest first; null for no
   * limit. The times are the column `uptimeMs`.
   */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A server's figures: the engine's, memcached's counters by their names, and those of all transports. */
export interface StatsResult<Engine> {
  /** The version of hotset. */
  readonly version: string;
  /** What this endpoint lets clients do. */
  readonly access: Access;
  /** Milliseconds since the server started. */
  readonly uptimeMs: number;
  /** As `engine.stats()` gives it. */
  readonly engine: Engine;
  /** memcached's counters, by their names. */
  readonly commands: Readonly<Record<string, number>>;
  /** Connections of all transports. */
  readonly connections: {
    readonly current: number;
    readonly total: number;
    readonly rejected: number;
    readonly max: number;
  };
  /** Bytes of all transports. */
  readonly network: { readonly bytesRead: number; readonly bytesWritten: number };
  /** The process; absent where the endpoint keeps no history. */
  readonly process?: ProcessFigures | undefined;
}

// Notifications

/** Why an entry changed, as the engine names it. */
export type ChangeCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired';

/** What the server sends unasked, by method. */
export interface Notifications {
  /** An entry has changed. */
  invalidated: { readonly key: string; readonly cause: ChangeCause; readonly version: string | null };
  /** All entries have changed, or may have. */
  invalidatedAll: { readonly cause: 'cleared' | 'lagged' };
  /** The client read too slowly, and has lost notifications. */
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

/** hotset's own codes, which are in `data.code`, and the numbers that JSON-RPC requires. */
export const HOTSET_RPC_ERRORS = {
  HOTSET_TOO_LARGE: -32000,
  HOTSET_NO_ROOM: -32001,
  HOTSET_FORBIDDEN: -32002,
  HOTSET_INVALID_KEY: -32003,
  HOTSET_NOT_A_NUMBER: -32004,
  HOTSET_TOO_MANY: -32005,
  HOTSET_REPLY_TOO_LARGE: -32006,
  HOTSET_NO_VERSIONS: -32007,
  HOTSET_INVALID_CURSOR: -32008,
  HOTSET_NO_TAGS: -32009,
} as const;

export type HotsetRpcCode = keyof typeof HOTSET_RPC_ERRORS;

/** Why a side ends the connection (RFC 6455, 7.4). */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;
