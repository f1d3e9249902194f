/**
 * Every error that hotset throws on purpose: one class, one table of codes.
 * docs/errors.md describes each code; a spec keeps the two in step.
 */

/** Every code of a `HotsetError` with its meaning. A specification keeps docs/errors.md equal to it. */
export const ERROR_CODES = {
  HOTSET_INVALID_OPTION: 'An option has a value that it does not take.',
  HOTSET_INVALID_ARGUMENT: 'A method was called with a value that it does not take.',
  HOTSET_INVALID_SIZE: 'The sizeOf hook returned something other than a finite number of bytes, 0 or more.',
  HOTSET_LISTENER_LOOP:
    'Listeners caused removals and changes without end within one call; those beyond the limit were not reported.',
  HOTSET_INVALID_KEY:
    'A text cannot be a key on the wire (empty, over 250 bytes, or with a blank or control character).',
  HOTSET_UNREADABLE_VALUE: 'A value on the wire is not what its flags say.',
  HOTSET_LOAD_TIMEOUT: 'A value was not loaded in the time allowed.',
  HOTSET_TOO_MANY_FLIGHTS: 'A loader was not called, because too many keys were being loaded.',
  HOTSET_INVALID_BATCH: 'A batch loader returned neither a Map nor an array with one element for each key.',
  HOTSET_MISSING_PACKAGE: 'An optional package that this needs is not installed; the message names it.',
  HOTSET_LISTEN_FAILED: 'The server cannot listen on the requested address.',
  HOTSET_INVALID_AUTH_FILE:
    'A file of users and passwords cannot be read, or is not made of user:password lines.',
  HOTSET_INVALID_TLS: 'A certificate, key or other TLS setting cannot be used.',
  HOTSET_UNSAVABLE_ENTRY:
    'An entry cannot be written to a snapshot: it does not serialize, or is larger than maxEntryBytes.',
  HOTSET_DAMAGED_SNAPSHOT: 'A snapshot file is damaged, cut short, or has something behind its end.',
  HOTSET_UNREADABLE_SNAPSHOT:
    'A file is not a snapshot that this call can read: another kind of file, a newer format, values of another codec, or an entry above maxEntryBytes.',
  HOTSET_UNSERIALIZABLE_VALUE:
    'A value cannot be written to the second tier of a cache: the serializer refuses it.',
  HOTSET_TOO_LARGE: 'A value can never fit: it is above the item limit.',
  HOTSET_NO_ROOM: 'The cache is full and does not evict.',
  HOTSET_FORBIDDEN: 'The endpoint does not allow the request.',
  HOTSET_NOT_A_NUMBER: 'The value to increment is not a number.',
  HOTSET_TOO_MANY: 'A limit of the connection or of the client was reached; the message names it.',
  HOTSET_REPLY_TOO_LARGE: 'A request asks for more than one reply may hold.',
  HOTSET_NO_VERSIONS: 'compareAndSet and leases need cas ids, and the server has none.',
  HOTSET_INVALID_CURSOR: 'A cursor is none that the server has given, or one from before a restart.',
  HOTSET_NO_TAGS:
    'The server keeps its entries in a store without tags: that of the command, or a SharedStore.',
  HOTSET_DISCONNECTED: 'There was no connection to the server, or it broke before the reply came.',
  HOTSET_TIMEOUT: 'The server did not answer in the time allowed.',
  HOTSET_CLOSED: 'The client or the cache has been closed.',
  HOTSET_PROTOCOL: 'The other side broke the protocol, or reported an internal error.',
} as const;

/** A code of a `HotsetError`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * What hotset throws on purpose. The message names what was wrong and what is allowed; `cause` is the underlying
 * error.
 */
export class HotsetError extends Error {
  /** What went wrong, for programs; the message is for people. */
  readonly code: ErrorCode;

  /** `options.cause`: the error underneath. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HotsetError';
    this.code = code;
  }
}

/** Describes a bad value for an error message: short, and never longer than a line. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** Throws `HOTSET_INVALID_OPTION` for options that are no object, or have a name that is not `known`. */
export function rejectUnknownOptions(options: object, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  if (Array.isArray(options)) throw invalidOption('options', 'an object', options);
  // An engine in their place would otherwise be taken for options without names. Plain objects may be of another realm.
  const prototype = Object.getPrototypeOf(options);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null && Object.keys(options).length === 0)
    throw new HotsetError(
      'HOTSET_INVALID_OPTION',
      `options takes an object of options (${[...known].join(', ')}); got an instance of ${options.constructor.name}`,
    );
  for (const name in options)
    if (!known.has(name))
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        `there is no option ${shown(name)}; options are ${[...known].join(', ')}`,
      );
}

/** Throws `HOTSET_NO_ROOM` or `HOTSET_TOO_LARGE` where `result`, of a method that stores, says that `what` was refused. */
export function throwRefusal(result: unknown, what: string): void {
  if (result !== 'no-room' && result !== 'too-large') return;
  const code = result === 'no-room' ? 'HOTSET_NO_ROOM' : 'HOTSET_TOO_LARGE';
  throw new HotsetError(code, `the cache refuses ${what}: ${result}`);
}

/** An option's bad value: names the option, and what it takes. */
export function invalidOption(name: string, takes: string, value: unknown): HotsetError {
  return new HotsetError('HOTSET_INVALID_OPTION', `${name} takes ${takes}; got ${shown(value)}`);
}

/** The same for a method's argument. */
export function invalidArgument(name: string, takes: string, value: unknown): HotsetError {
  return new HotsetError('HOTSET_INVALID_ARGUMENT', `${name} takes ${takes}; got ${shown(value)}`);
}
