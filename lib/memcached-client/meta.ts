/**
 * The meta commands that the tier needs: mg, ms and md, pipelined. Answers come in the order of the commands, so that misses need
 * no key. Each mg has a number (`O`) that its reply repeats: a server that is out of step is noticed before one caller gets
 * another's value.
 */

import { type HotsetError, shown } from '../errors.js';
import { type Command, refusalOf } from './command.js';
import { broken } from './reply-parser.js';

/** A reply to mg. */
export interface MetaItem {
  /** Empty for a placeholder; null where it was longer than the client's `maxValueBytes`. */
  readonly value: Buffer | null;
  /** Seconds left; -1 for no limit. */
  readonly ttlSeconds: number;
  /** The cas id, in digits. '0' where the server has none. */
  readonly cas: string;
  /** `W`: this caller is to fill it. */
  readonly won: boolean;
  /** `Z`: another one is. */
  readonly taken: boolean;
}

/** What becomes of ms and md. */
export type MetaStatus = 'HD' | 'NF' | 'NS' | 'EX';

const STATUSES: ReadonlySet<string> = new Set<MetaStatus>(['HD', 'NF', 'NS', 'EX']);
/** Numbers of requests go round: two with the same one are further apart than a pipeline is long. */
export const OPAQUES: number = 36 ** 3;

/**
 * Reads items: those that are not there are undefined. `first` is the first of as many numbers as there are keys
 * (`MemcachedClient.takeOpaques`). `flags` go beside those for value, time and cas id. A refusal is the answer for its key alone.
 */
export function metaGet(
  keys: readonly string[],
  first: number,
  flags = '',
): Command<readonly (MetaItem | undefined | HotsetError)[]> {
  const items: (MetaItem | undefined | HotsetError)[] = [];
  let text = '';
  for (const [index, key] of keys.entries()) text += `mg ${key} v t c${flags} O${opaqueAt(first, index)}\r\n`;
  return {
    parts: [text],
    take: (line, data) => {
      items.push(itemOf(line, data, opaqueAt(first, items.length)));
      return items.length === keys.length;
    },
    answer: () => items,
    onLate: undefined,
  };
}

/** One of the items that `metaSet` stores. */
export interface MetaEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly exptime: number;
  /** Stores only where the item has this cas id. */
  readonly cas?: string | undefined;
}

export function metaSet(entries: readonly MetaEntry[]): Command<readonly (MetaStatus | HotsetError)[]> {
  const parts: (string | Uint8Array)[] = [];
  let text = '';
  for (const { key, value, exptime, cas } of entries) {
    const compares = cas === undefined ? '' : ` C${cas}`;
    parts.push(`${text}ms ${key} ${value.length} T${exptime}${compares}\r\n`, value);
    text = '\r\n';
  }
  parts.push(text);
  return statuses(parts, entries.length);
}

/** Deletes items; with a `cas` only that version, and with `marksStale` it stays, for the next reader to fill. */
export function metaDelete(
  keys: readonly string[],
  cas?: string,
  marksStale = false,
): Command<readonly (MetaStatus | HotsetError)[]> {
  const flags = `${marksStale ? ' I' : ''}${cas === undefined ? '' : ` C${cas}`}`;
  let text = '';
  for (const key of keys) text += `md ${key}${flags}\r\n`;
  return statuses([text], keys.length);
}

function statuses(
  parts: readonly (string | Uint8Array)[],
  count: number,
): Command<readonly (MetaStatus | HotsetError)[]> {
  const found: (MetaStatus | HotsetError)[] = [];
  return {
    parts,
    onLate: undefined,
    take: (line) => {
      const refusal = refusalOf(line);
      const status = line.slice(0, 2);
      if (refusal === undefined && !(STATUSES.has(status) && (line.length === 2 || line[2] === ' ')))
        throw broken(shown(line));
      found.push(refusal ?? (status as MetaStatus));
      return found.length === count;
    },
    answer: () => found,
  };
}

function itemOf(line: string, data: Buffer | null, opaque: string): MetaItem | undefined | HotsetError {
  const refusal = refusalOf(line);
  if (refusal !== undefined) return refusal;
  const isHit = line.startsWith('VA ');
  if (!isHit && line !== 'EN' && !line.startsWith('EN ')) throw broken(shown(line));
  if (!isHit) {
    // Misses of old servers do not repeat it.
    const at = line.indexOf(' O');
    if (at >= 0 && line.slice(at + 2) !== opaque) throw broken('the answer to another request');
    return undefined;
  }
  let ttlSeconds = -1;
  let cas = '0';
  let won = false;
  let taken = false;
  let repeated = '';
  // Behind `VA` and the length.
  for (let at = line.indexOf(' ', 3); at >= 0; ) {
    const next = line.indexOf(' ', at + 1);
    const end = next < 0 ? line.length : next;
    switch (line[at + 1]) {
      case 't':
        ttlSeconds = Number(line.slice(at + 2, end));
        break;
      case 'c':
        cas = line.slice(at + 2, end);
        break;
      case 'O':
        repeated = line.slice(at + 2, end);
        break;
      case 'W':
        won = true;
        break;
      case 'Z':
        taken = true;
        break;
    }
    at = next;
  }
  if (repeated !== opaque) throw broken('the answer to another request');
  if (!Number.isSafeInteger(ttlSeconds) || !/^\d{1,20}$/.test(cas)) throw broken(shown(line));
  return { value: data, ttlSeconds, cas, won, taken };
}

function opaqueAt(first: number, index: number): string {
  return ((first + index) % OPAQUES).toString(36);
}
