/** The command lines in bytes of the text protocol, as memcached frames them when nothing is malformed. */

export interface Line {
  /** Without its end. */
  readonly text: string;
  /** Before its LF, a CR among them. */
  readonly length: number;
  readonly tokens: readonly string[];
  readonly last: string;
  /** What follows a storage command, without its CRLF. */
  readonly data: string | undefined;
  /** CRLF follows the data. */
  readonly terminated: boolean;
}

const DATA_LENGTH_END = 2147483646;
const STORAGE_VERBS: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas']);

export function isStorage(verb: string | undefined): boolean {
  return verb !== undefined && STORAGE_VERBS.has(verb);
}

/** A data length that both servers take. */
export function dataLength(token: string | undefined): number | undefined {
  if (token === undefined || !/^(\d{1,10}|-0{1,9})$/.test(token) || Number(token) >= DATA_LENGTH_END)
    return undefined;
  return Math.abs(Number(token));
}

export function* linesOf(bytes: string): Generator<Line> {
  for (let at = 0; at < bytes.length; ) {
    const lf = bytes.indexOf('\n', at);
    const end = lf === -1 ? bytes.length : lf;
    const text = bytes.slice(at, bytes[end - 1] === '\r' && end > at ? end - 1 : end);
    const tokens = text.split(' ').filter((token) => token !== '');
    const length = dataLength(isStorage(tokens[0]) ? tokens[4] : tokens[0] === 'ms' ? tokens[2] : undefined);
    const data = length === undefined ? undefined : bytes.slice(end + 1, end + 1 + length);
    const terminated = length !== undefined && bytes.startsWith('\r\n', end + 1 + length);
    yield { terminated, text, length: end - at, tokens, last: tokens[tokens.length - 1] ?? '', data };
    at = end + 1 + (length === undefined ? 0 : length + 2);
  }
}
