/**
 * What a line of a trace says: a request for a key. A format turns a line into requests, or says what is wrong with it.
 * Formats: columns (blanks or CSV, with or without a header), memcached's `watch`, Redis' MONITOR, and a pattern of the
 * user's.
 */

import { UsageError } from '../errors.js';

export const READ = 0;
export const WRITE = 1;
export const DELETE = 2;
export type Operation = typeof READ | typeof WRITE | typeof DELETE;

export interface Request {
  readonly key: string;
  readonly operation: Operation;
  /** Bytes of the value; NaN where the line does not say. */
  readonly size: number;
  /** Seconds; 0 for never, NaN where the line does not say. */
  readonly ttl: number;
  /** Seconds, from whenever; NaN where the line does not say. */
  readonly time: number;
}

/** Of a line that is fine but says nothing of interest. */
export const NOTHING: readonly Request[] = [];

/** What a line says, or, as a text, what is wrong with it. */
export type Parse = (line: string) => readonly Request[] | string;

export interface Format {
  readonly name: string;
  readonly parse: Parse;
  /** What lines have said that has not been returned; to be called at the end. */
  rest?(): readonly Request[];
}

export const FORMAT_NAMES: readonly string[] = ['auto', 'columns', 'csv', 'watch', 'monitor'];

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ...[
    'get',
    'gets',
    'gat',
    'gats',
    'mg',
    'read',
    'r',
    'head',
    'hit',
    'miss',
    'load',
    'fetch',
    'find',
    'select',
  ].map((name) => [name, READ] as const),
  ...[
    'set',
    'add',
    'replace',
    'cas',
    'append',
    'prepend',
    'ms',
    'write',
    'w',
    'put',
    'store',
    'insert',
    'update',
  ].map((name) => [name, WRITE] as const),
  ...['delete', 'del', 'unlink', 'md', 'remove', 'evict', 'invalidate'].map(
    (name) => [name, DELETE] as const,
  ),
]);

/** What columns and named groups may be called. */
const FIELDS: ReadonlyMap<string, Field> = new Map([
  ...['key', 'id', 'url', 'path', 'object', 'obj_id'].map((name) => [name, 'key'] as const),
  ...['size', 'bytes', 'length', 'value_size', 'obj_size'].map((name) => [name, 'size'] as const),
  ...['ttl', 'ttl_seconds', 'exptime'].map((name) => [name, 'ttl'] as const),
  ...['time', 'timestamp', 'ts'].map((name) => [name, 'time'] as const),
  ...['op', 'operation', 'method', 'command', 'cmd'].map((name) => [name, 'op'] as const),
]);
type Field = 'key' | 'size' | 'ttl' | 'time' | 'op';
const USUAL_COLUMNS: readonly (Field | null)[] = ['key', 'size', 'ttl'];

/** The format of a trace that begins with these lines, none of which is empty. */
export function formatOf(
  name: string,
  lines: readonly string[],
  columns: string | undefined,
  pattern: string | undefined,
): Format {
  if (pattern !== undefined) return patterned(pattern);
  const guessed = name === 'auto' ? guess(lines, columns) : name;
  if (guessed === 'watch') return new WatchFormat();
  if (guessed === 'monitor') return { name: "Redis' MONITOR", parse: monitored };
  const split = guessed === 'csv' ? csvFields : blankFields;
  const shape = guessed === 'csv' ? 'CSV' : 'columns';
  if (columns !== undefined) return { name: shape, parse: columned(split, namedColumns(columns)) };
  const header = split(lines[0] ?? '').map((field) => field.trim().toLowerCase());
  // A header names the key and more, and has no numbers: `my key 17` is none.
  const isHeader =
    header.length > 1 &&
    header.some((field) => FIELDS.get(field) === 'key') &&
    header.every((field) => field === '' || Number.isNaN(Number(field)));
  if (isHeader) {
    const parse = columned(
      split,
      header.map((field) => FIELDS.get(field) ?? null),
    );
    const first = lines[0];
    return { name: `${shape} with a header`, parse: (line) => (line === first ? NOTHING : parse(line)) };
  }
  return { name: shape, parse: columned(split, USUAL_COLUMNS) };
}

function guess(lines: readonly string[], columns: string | undefined): string {
  if (columns === undefined) {
    if (lines.some((line) => WATCH_LINE.test(line))) return 'watch';
    if (lines.some((line) => MONITOR_LINE.test(line))) return 'monitor';
  }
  return lines[0]?.includes(',') === true ? 'csv' : 'columns';
}

// Columns

function namedColumns(list: string): (Field | null)[] {
  const columns = list.split(',').map((name) => {
    const field = name.trim().toLowerCase();
    if (field === '-' || field === '') return null;
    const known = FIELDS.get(field);
    if (known === undefined)
      throw new UsageError(
        `--columns takes key, size, ttl, time, op and -, separated by commas; got ${name}`,
      );
    return known;
  });
  if (!columns.includes('key')) throw new UsageError('--columns needs a column that is the key');
  return columns;
}

function columned(split: (line: string) => string[], columns: readonly (Field | null)[]): Parse {
  const at = (field: Field): number => columns.indexOf(field);
  const places = { key: at('key'), size: at('size'), ttl: at('ttl'), time: at('time'), op: at('op') };
  return (line) => {
    const fields = split(line);
    return requestOf((field) => (places[field] < 0 ? undefined : fields[places[field]]));
  };
}

function blankFields(line: string): string[] {
  return line.trim().split(/\s+/);
}

function csvFields(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (const [, quoted, bare] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    fields.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
  return fields;
}

function requestOf(field: (name: Field) => string | undefined): readonly Request[] | string {
  const key = field('key');
  if (key === undefined || key === '') return 'there is no key';
  const operation = operationOf(field('op'));
  if (operation === undefined) return NOTHING;
  const size = numberOf(field('size'));
  const ttl = numberOf(field('ttl'));
  const time = timeOf(field('time'));
  if (size === null || size < 0 || size > MAX_SIZE) return `the size is ${field('size')}`;
  if (ttl === null) return `the TTL is ${field('ttl')}`;
  if (time === null) return `the time is ${field('time')}`;
  return [{ key, operation, size, ttl, time }];
}

function operationOf(text: string | undefined): Operation | undefined {
  return text === undefined || text === '' ? READ : OPERATIONS.get(text.trim().toLowerCase());
}

/** The largest that the curves have: a pebibyte. */
const MAX_SIZE = 2 ** 50;

/** NaN for none, null for something else. */
function numberOf(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '' || text === '-') return Number.NaN;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** As web servers write it: 10/Oct/2026:13:55:36 -0700. */
const LOG_TIME = /^\[?(\d+)\/([A-Z][a-z]{2})\/(\d+):(\d+:\d+:\d+)(?: ([+-]\d{2})(\d{2}))?\]?$/;

function timeOf(text: string | undefined): number | null {
  const number = numberOf(text);
  if (number !== null) return number;
  const [, day, month, year, clock, hours = '+00', minutes = '00'] = LOG_TIME.exec(text!) ?? [];
  const iso =
    day === undefined
      ? text!
      : `${year}-${String(MONTHS.indexOf(month!) + 1).padStart(2, '0')}-${day.padStart(2, '0')}T${clock}${hours}:${minutes}`;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms / 1000;
}

// A pattern

function patterned(source: string): Format {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source);
  } catch (error) {
    throw new UsageError(`--pattern is no regular expression: ${(error as Error).message}`);
  }
  const names = [...source.matchAll(/\(\?<([^=!>][^>]*)>/g)].map(([, name]) => name!);
  const fields = new Map(names.map((name) => [FIELDS.get(name.toLowerCase()), name]));
  const unknown = names.find((name) => !FIELDS.has(name.toLowerCase()));
  if (unknown !== undefined)
    throw new UsageError(`--pattern may name the groups key, size, ttl, time and op; it names ${unknown}`);
  if (!fields.has('key')) throw new UsageError('--pattern needs a group (?<key>…)');
  const parse: Parse = (line) => {
    const groups = pattern.exec(line)?.groups;
    if (groups === undefined) return 'the pattern does not match';
    return requestOf((field) => {
      const name = fields.get(field);
      return name === undefined ? undefined : groups[name];
    });
  };
  return { name: 'a pattern', parse };
}

// memcached's watch

const WATCH_LINE = /^ts=\d+\.\d+ gid=\d+ type=/;
/** Reads that wait for the line after them. */
const MAX_WAITING = 64;

/**
 * A server that stores or deletes looks the key up first, and logs that like a read of a client: the last read of a key
 * before such a line is none. So reads wait for the next store or deletion, or for 64 reads.
 */
class WatchFormat implements Format {
  readonly name = "memcached's watch";
  private waiting: Request[] = [];

  readonly parse = (line: string): readonly Request[] | string => {
    if (line === 'OK' || line === 'END' || line.startsWith('skipped=')) return NOTHING;
    if (!WATCH_LINE.test(line)) return 'no line of watch';
    const fields = new Map(
      line.split(' ').map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)] as const;
      }),
    );
    const type = fields.get('type');
    if (type !== 'item_get' && type !== 'item_store' && type !== 'deleted') return NOTHING;
    const key = fields.get('key');
    if (key === undefined || key === '') return 'there is no key';
    const [seconds, micros] = fields.get('ts')!.split('.');
    const time = Number(seconds) + Number(micros) / 1e6;
    const status = fields.get('status');
    const size = Number(fields.get('size') ?? Number.NaN);
    if (type === 'item_get') {
      this.waiting.push({
        key,
        operation: READ,
        size: status === 'found' ? size : Number.NaN,
        ttl: Number.NaN,
        time,
      });
      return this.waiting.length > MAX_WAITING ? [this.waiting.shift()!] : NOTHING;
    }
    const lookup = this.waiting.findLastIndex((read) => read.key === key);
    if (lookup >= 0) this.waiting.splice(lookup, 1);
    const requests = this.rest();
    if (type === 'deleted')
      return [...requests, { key, operation: DELETE, size: Number.NaN, ttl: Number.NaN, time }];
    if (status !== 'stored') return requests;
    const ttl = Math.max(Number(fields.get('ttl') ?? Number.NaN), 0);
    return [...requests, { key, operation: WRITE, size, ttl, time }];
  };

  rest(): Request[] {
    const { waiting } = this;
    this.waiting = [];
    return waiting;
  }
}

// Redis' MONITOR

const MONITOR_LINE = /^\d+\.\d+ \[\d+ [^\]]*\] "/;
const REDIS_READS = new Set(['GET', 'GETEX', 'GETRANGE', 'STRLEN', 'HGET', 'HGETALL', 'HMGET', 'GETDEL']);
const REDIS_WRITES = new Set(['SETNX', 'GETSET', 'APPEND', 'HSET', 'HMSET', 'HSETNX', 'SETRANGE']);

function monitored(line: string): readonly Request[] | string {
  if (line === 'OK') return NOTHING;
  if (!MONITOR_LINE.test(line)) return 'no line of MONITOR';
  const time = Number(line.slice(0, line.indexOf(' ')));
  const [command = '', ...words] = Array.from(
    line.slice(line.indexOf('] ') + 2).matchAll(/"((?:[^"\\]|\\.)*)"/g),
    ([, word]) => word!,
  );
  const name = command.toUpperCase();
  const request = (
    operation: Operation,
    key: string | undefined,
    size: number,
    ttl: number,
  ): readonly Request[] => (key === undefined ? NOTHING : [{ key, operation, size, ttl, time }]);
  const none = Number.NaN;
  const [key, second, third] = words;
  if (REDIS_READS.has(name)) return request(READ, key, none, none);
  if (name === 'MGET') return words.flatMap((one) => request(READ, one, none, none));
  if (name === 'DEL' || name === 'UNLINK') return words.flatMap((one) => request(DELETE, one, none, none));
  if (name === 'SET') return request(WRITE, key, redisBytes(second), setTtl(words.slice(2)));
  if (name === 'SETEX') return request(WRITE, key, redisBytes(third), Number(second));
  if (name === 'PSETEX') return request(WRITE, key, redisBytes(third), Number(second) / 1000);
  if (name === 'MSET')
    return words.flatMap((one, i) =>
      i % 2 === 0 ? request(WRITE, one, redisBytes(words[i + 1]), 0) : NOTHING,
    );
  if (REDIS_WRITES.has(name))
    return request(
      WRITE,
      key,
      words.slice(1).reduce((sum, word) => sum + redisBytes(word), 0),
      none,
    );
  return NOTHING;
}

/** Of a word between quotation marks, in which \x00 and \" are one byte each. */
function redisBytes(word: string | undefined): number {
  return word === undefined ? Number.NaN : Buffer.byteLength(word.replaceAll(/\\(?:x[0-9a-f]{2}|.)/g, '.'));
}

function setTtl(options: readonly string[]): number {
  const words = options.map((word) => word.toUpperCase());
  const after = (name: string): number | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : Number(words[at + 1]);
  };
  return after('EX') ?? (after('PX') ?? 0) / 1000;
}
