/**
 * The classic commands, for proxies that know no others (twemproxy, mcrouter): gets, set, add, cas and delete, pipelined. A reply to
 * gets names its keys.
 */

import { type HotsetError, shown } from '../errors.js';
import { type Command, refusalOf } from './command.js';
import { broken } from './reply-parser.js';

/** What `gets` brings. */
export interface ClassicItem {
  /** Null where it was longer than the client's `maxValueBytes`. */
  readonly value: Buffer | null;
  readonly flags: number;
  readonly cas: string;
}

/** What becomes of a command that writes. */
export type ClassicStatus = 'STORED' | 'NOT_STORED' | 'EXISTS' | 'NOT_FOUND' | 'DELETED';

const STATUSES: ReadonlySet<string> = new Set<ClassicStatus>([
  'STORED',
  'NOT_STORED',
  'EXISTS',
  'NOT_FOUND',
  'DELETED',
]);
const VALUE = /^VALUE ([^ ]+) (\d{1,10}) \d{1,10} (\d{1,20})$/;
/** A line takes no more, so that it fits into the buffers of proxies. */
const KEYS_PER_LINE = 64;

/** Items by key; a refusal of one line is thrown when all have been read. */
export function classicGet(keys: readonly string[]): Command<ReadonlyMap<string, ClassicItem>> {
  const items = new Map<string, ClassicItem>();
  const wanted = new Set(keys);
  let refusal: HotsetError | undefined;
  let lines = 0;
  let text = '';
  for (let at = 0; at < keys.length; at += KEYS_PER_LINE, lines++)
    text += `gets ${keys.slice(at, at + KEYS_PER_LINE).join(' ')}\r\n`;
  return {
    parts: [text],
    take: (line, data) => {
      const refused = refusalOf(line);
      if (refused !== undefined || line === 'END') {
        refusal ??= refused;
        return --lines === 0;
      }
      const [, key, flags, cas] = VALUE.exec(line) ?? [];
      if (key === undefined || !wanted.has(key)) throw broken(shown(line));
      items.set(key, { value: data, flags: Number(flags), cas: cas! });
      return false;
    },
    answer: () => {
      if (refusal !== undefined) throw refusal;
      return items;
    },
    onLate: undefined,
  };
}

/** One of the items that `classicStore` stores. */
export interface ClassicEntry {
  readonly verb: 'set' | 'add' | 'cas';
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: number;
  readonly exptime: number;
  /** For `cas`. */
  readonly cas?: string | undefined;
}

export function classicStore(
  entries: readonly ClassicEntry[],
): Command<readonly (ClassicStatus | HotsetError)[]> {
  const parts: (string | Uint8Array)[] = [];
  let text = '';
  for (const { verb, key, value, flags, exptime, cas } of entries) {
    const compares = cas === undefined ? '' : ` ${cas}`;
    parts.push(`${text}${verb} ${key} ${flags} ${exptime} ${value.length}${compares}\r\n`, value);
    text = '\r\n';
  }
  parts.push(text);
  return statuses(parts, entries.length);
}

export function classicDelete(keys: readonly string[]): Command<readonly (ClassicStatus | HotsetError)[]> {
  let text = '';
  for (const key of keys) text += `delete ${key}\r\n`;
  return statuses([text], keys.length);
}

function statuses(
  parts: readonly (string | Uint8Array)[],
  count: number,
): Command<readonly (ClassicStatus | HotsetError)[]> {
  const found: (ClassicStatus | HotsetError)[] = [];
  return {
    parts,
    take: (line) => {
      const refusal = refusalOf(line);
      if (refusal === undefined && !STATUSES.has(line)) throw broken(shown(line));
      found.push(refusal ?? (line as ClassicStatus));
      return found.length === count;
    },
    answer: () => found,
    onLate: undefined,
  };
}
