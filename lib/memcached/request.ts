/**
 * What parsers pass to handlers, and commands return. A session has one Request and refills it for each command.
 */

import { Key } from '../items/key.js';
import type { ItemData } from '../items.js';
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
  | 'extstore'
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
  /** As `error`, after `request.dataLength` bytes and a CRLF have been discarded. */
  | 'error-after-data'
  /** The connection ends without an answer. */
  | 'close';

/** A command's result other than items: the same for every protocol. */
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

const EMPTY = Buffer.alloc(0);

/** A value on its way into the store. */
export class Data implements ItemData {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;
  owned = false;
  place = 0;

  get length(): number {
    return this.end - this.start;
  }

  set(bytes: Buffer, start: number, end: number, owned = false): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.owned = owned;
  }
}

/** A value of one byte for each latin1 character. */
export function dataOf(text: string): Data {
  const data = new Data();
  data.set(Buffer.from(text, 'latin1'), 0, text.length);
  return data;
}

export class Request {
  verb: Verb = 'get';
  noreply = false;
  readonly key: Key;
  /** The value of a storage command. */
  readonly data: Data = new Data();
  flags = 0;
  /** Seconds as the wire counts them: 0 never, negative expired, above 30 days a Unix time. */
  exptime = 0;
  /** Milliseconds to live, for callers that do not use the wire's units; null where `exptime` applies. */
  ttlMs: number | null = null;
  /** How long the data took to arrive after its command. */
  waitedMs = 0;
  /** Bytes of data that follow the line, without their CRLF. */
  dataLength = 0;
  mode: StoreMode = 'set';
  /** The version to compare with. 0 matches none in the mode `cas`, and means no comparison in others. */
  cas: CasId = 0;
  /** Whether refusing the value also removes the old one, so that no client reads what was to be replaced. */
  dropsWhenRefused = false;
  /** What incr and decr add or subtract. */
  delta: number | bigint = 0;
  /** The tokens after the command, for commands that take arguments. */
  args: readonly string[] = [];
  /** The keys of a retrieval command: bytes [keysStart, keysEnd) of `line`. */
  line: Buffer = EMPTY;
  keysStart = 0;
  keysEnd = 0;
  /** What the item is to be tagged with, for callers that have a `ttlMs`; all different, null for nothing. */
  tags: readonly string[] | null = null;
  /** The flags of a meta command. */
  readonly meta: MetaFlags = new MetaFlags();

  /** `hashSeed` is the store's. */
  constructor(hashSeed: number) {
    this.key = new Key(hashSeed);
  }
}
