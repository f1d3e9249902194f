/** One parsed request. A session has one and fills it anew for each command. */

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
  | 'quit';

export class Request {
  verb: Verb = 'get';
  noreply = false;
  /** The key's bytes, each as one latin1 character. */
  key = '';
  flags = 0;
  /** Seconds as the wire counts them: 0 never, negative expired, above 30 days a Unix time. */
  exptime = 0;
  /** Bytes of data that follow the line, without their CRLF. */
  dataLength = 0;
  /** The version that `cas` compares; 0 never matches. */
  cas = 0;
  /** What incr and decr add or subtract. */
  delta: number | bigint = 0;
  /** The words after the command, for those that take words. */
  args: readonly string[] = [];
  /** Where the keys of a retrieval command stand: bytes [keysStart, keysEnd) of `line`. */
  line: Buffer = EMPTY;
  keysStart = 0;
  keysEnd = 0;
}

const EMPTY = Buffer.alloc(0);
