/**
 * What parsers hand to handlers, and commands hand back. A session has one Request and fills it anew for each command.
 */

import { MetaFlags } from './meta/meta-flags.js';

export type Verb =
  | 'get'
  | 'gets'
  | 'gat'
  | 'gats'
  | 'set'
  | 'add'
  | 'replace'
  | 'append'
  | 'prepend'
  | 'cas'
  | 'delete'
  | 'incr'
  | 'decr'
  | 'touch'
  | 'flush_all'
  | 'version'
  | 'verbosity'
  | 'stats'
  | 'cache_memlimit'
  | 'shutdown'
  | 'debugtime'
  | 'lru'
  | 'lru_crawler'
  | 'slabs'
  | 'watch'
  | 'refresh_certs'
  | 'quit'
  | MetaVerb;

export type MetaVerb = 'mg' | 'ms' | 'md' | 'ma' | 'mn' | 'me';

/** How a value is stored: `cas` compares versions first. */
export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

/** A version as clients name it: a bigint where a number would not be exact. */
export type CasId = number | bigint;

/** The answer to a line that is no command, or not a whole one. */
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format';

/** What a line turned out to be. */
export type LineOutcome =
  /** The request is complete. */
  | 'ready'
  /** `request.dataLength` bytes and a CRLF follow. */
  | 'data'
  /** The parser's `error` is the answer. */
  | 'error'
  /** As `error`, after `request.dataLength` bytes and a CRLF have been passed over. */
  | 'error-after-data'
  /** The connection ends without an answer. */
  | 'close';

/** What a command can answer when it does not answer with items: the same for every protocol. */
export type Reply =
  | 'stored'
  | 'not-stored'
  | 'exists'
  | 'not-found'
  | 'deleted'
  | 'touched'
  | 'ok'
  | 'too-large'
  | 'out-of-memory'
  | 'bad-data'
  | 'non-numeric'
  | 'flush-not-allowed'
  | 'bad-exptime';

/** Work that is done in short steps, so that others have their turn between two. Closed when the client goes away. */
export type IncrementalTask = Iterator<void, void, undefined>;

/** The same with parts of an answer; an empty one says that others should have their turn before the next. */
export type Lines = Iterator<string, void, undefined>;

export class Request {
  verb: Verb = 'get';
  noreply = false;
  /** The key's bytes, each as one latin1 character. */
  key = '';
  flags = 0;
  /** Seconds as the wire counts them: 0 never, negative expired, above 30 days a Unix time. */
  exptime = 0;
  /** Milliseconds to live, for those who do not count as the wire does; null where `exptime` says it. */
  ttlMs: number | null = null;
  /** How long the data has taken to come after its command. */
  waitedMs = 0;
  /** Bytes of data that follow the line, without their CRLF. */
  dataLength = 0;
  mode: StoreMode = 'set';
  /** The version to compare with; 0 matches none where comparing is what the mode does, else asks for nothing. */
  cas: CasId = 0;
  /** Whether a value that is refused takes the old one with it, so that nobody reads what was to be replaced. */
  dropsWhenRefused = false;
  /** What incr and decr add or subtract. */
  delta: number | bigint = 0;
  /** The words after the command, for those that take words. */
  args: readonly string[] = [];
  /** Where the keys of a retrieval command stand: bytes [keysStart, keysEnd) of `line`. */
  line: Buffer = EMPTY;
  keysStart = 0;
  keysEnd = 0;
  /** The flags of a meta command. */
  readonly meta: MetaFlags = new MetaFlags();
}

const EMPTY = Buffer.alloc(0);
