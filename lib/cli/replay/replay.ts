/** `hotset replay`: what hit ratio a trace of requests would have, by policy and size, before anything is deployed. */

import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { WEIGHED_OVERHEAD_BYTES } from '../../engine/budget.js';
import { bytesOption } from '../../engine/byte-size.js';
import { ratioAt } from '../../engine/miss-ratio/distances.js';
import { sizeFor } from '../../engine/miss-ratio/estimator.js';
import { MiniatureCache } from '../../engine/miss-ratio/miniature-cache.js';
import { POLICY_NAMES, type Policy } from '../../engine/policy/names.js';
import { StartError, UsageError } from '../errors.js';
import { beladyHits, nextReads } from './belady.js';
import { chart } from './chart.js';
import { FORMAT_NAMES, type Format, formatOf } from './formats.js';
import { fileChunks, LINE_MAX_LENGTH, linesOf, sampledChunks } from './input.js';
import { type Report, reportText, type Series } from './report.js';
import { hitRatioOf, lruCurve, readsIn, simulate } from './simulate.js';
import { type Requests, Trace } from './trace.js';

const HELP = `usage: hotset replay [options] <file>
       hotset replay [options] --sample <host:port>

Replays a trace of requests through caches of several policies and sizes, and prints their hit ratios beside
Belady's, which knows the future. <file> may be compressed with gzip; - is standard input.

  --format <name>     what the lines are (default: auto):
                      columns  key, size in bytes and TTL in seconds, by blanks; the last two may be missing
                      csv      the same by commas; a first line may name the columns
                      watch    memcached's or hotset's: watch fetchers mutations deletions
                      monitor  Redis' MONITOR
  --columns <names>   what the columns are: key, size, ttl, time (seconds), op, and - for others
  --pattern <regexp>  for any other log: with groups (?<key>…), and perhaps size, ttl, time and op
  --sizes <list>      sizes of the caches, such as 64MiB,1GiB, or numbers of entries
  --entries           count entries, though sizes are known
  --policies <list>   of ${POLICY_NAMES.join(', ')} (default: all)
  --svg <file>        draw the curves
  --json              print the figures as JSON
  --sample <address>  watch a memcached or hotset instead of reading a file
  --seconds <number>  for so long, or until Ctrl-C (default: 60)
  --max-requests <n>  hold at most so many, and beyond them a sample of the keys (default: 4000000)

Without a column op, each line is a read, and a read that misses stores what it asked for. Sizes of entries are those
of the values and keys, and ${WEIGHED_OVERHEAD_BYTES} bytes for each, as hotset counts them. A TTL needs the time of the request.
`;

/** Lines looked at to know the format. */
const FIRST_LINES = 20;
const MAX_KEYS = 2 ** 20;
const SHARES = [1 / 128, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1];
const CHART_POINTS = 200;
const SHOWN_LENGTH = 100;

interface Settings {
  readonly file: string | null;
  readonly sample: string | null;
  readonly seconds: number;
  readonly format: string;
  readonly columns: string | undefined;
  readonly pattern: string | undefined;
  readonly sizes: readonly string[] | null;
  readonly entries: boolean;
  readonly policies: readonly Policy[];
  readonly svg: string | undefined;
  readonly json: boolean;
  readonly maxRequests: number;
}

/** Throws a UsageError or a StartError. */
export async function replay(argv: readonly string[]): Promise<void> {
  const settings = settingsFrom(argv);
  if (settings === null) {
    process.stdout.write(HELP);
    return;
  }
  const { trace, title, notes } = await read(settings);
  if (trace.length === 0 || trace.allReads === 0)
    throw new StartError(`${title}: there are no reads to replay${notes.length > 0 ? `; ${notes[0]}` : ''}`);
  const report = reportOf(trace, settings, title, notes);
  if (settings.svg !== undefined) {
    try {
      writeFileSync(settings.svg, chart(report));
    } catch (error) {
      throw new StartError(`${settings.svg} cannot be written: ${(error as Error).message}`);
    }
  }
  // Who reads may have seen enough: `| head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(settings.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
}

// Options

/** Null for `--help`. */
function settingsFrom(argv: readonly string[]): Settings | null {
  const { values, positionals } = parsed(argv);
  if (values.help === true) return null;
  const { sample, format = 'auto', columns, pattern } = values;
  const [file, ...others] = positionals;
  if (file === undefined && sample === undefined)
    throw new UsageError('replay takes a file, or --sample and an address; hotset replay --help shows more');
  if (others.length > 0 || (file !== undefined && sample !== undefined))
    throw new UsageError(`replay takes one file or one address; got also ${others[0] ?? file}`);
  if (!FORMAT_NAMES.includes(format))
    throw new UsageError(`--format takes ${FORMAT_NAMES.join(', ')}; got ${format}`);
  if (pattern !== undefined && (columns !== undefined || format !== 'auto'))
    throw new UsageError('--pattern says all about the lines: it goes with neither --format nor --columns');
  return {
    file: file ?? null,
    sample: sample ?? null,
    seconds: number('--seconds', values.seconds, 60, 86_400),
    format: sample === undefined ? format : 'watch',
    columns,
    pattern,
    sizes: values.sizes?.split(',') ?? null,
    entries: values.entries === true,
    policies: policiesFrom(values.policies),
    svg: values.svg,
    json: values.json === true,
    maxRequests: number('--max-requests', values['max-requests'], 4_000_000, 100_000_000),
  };
}

function parsed(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        format: text,
        columns: text,
        pattern: text,
        sizes: text,
        entries: flag,
        policies: text,
        svg: text,
        json: flag,
        sample: text,
        seconds: text,
        'max-requests': text,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message.split('. ')[0]}; hotset replay --help shows all options`,
    );
  }
}

/** LRU comes first: the others are compared with it. */
function policiesFrom(list: string | undefined): readonly Policy[] {
  if (list === undefined) return POLICY_NAMES;
  const named = list.split(',').map((text) => {
    const policy = POLICY_NAMES.find((name) => name === text.trim());
    if (policy === undefined)
      throw new UsageError(`--policies takes ${POLICY_NAMES.join(', ')}, separated by commas; got ${text}`);
    return policy;
  });
  return [...new Set<Policy>(['lru', ...named])];
}

function number(name: string, text: string | undefined, defaultValue: number, max: number): number {
  if (text === undefined) return defaultValue;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > max)
    throw new UsageError(`${name} takes a whole number from 1 to ${max}; got ${text}`);
  return value;
}

// Reading

async function read(settings: Settings): Promise<{ trace: Trace; title: string; notes: string[] }> {
  const source = settings.file ?? settings.sample!;
  const trace = new Trace({ maxRequests: settings.maxRequests, maxKeys: MAX_KEYS });
  const bad = new BadLines();
  let lost = 0;
  let format: Format | null = null;
  let first: string[] = [];
  const take = (line: string): void => {
    bad.line++;
    if (line.startsWith('skipped=')) lost += Number(line.slice(8)) || 0;
    if (line.trim() === '' || line.startsWith('#')) return;
    const requests = flawOf(line) ?? format!.parse(line);
    if (typeof requests === 'string') bad.add(line, requests);
    else for (const request of requests) trace.add(request);
  };
  const begin = (): void => {
    const told = first.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    format = formatOf(settings.format, told, settings.columns, settings.pattern);
    for (const line of first) take(line);
    first = [];
  };
  for await (const lines of linesOf(chunksOf(settings))) {
    if (format === null) {
      first.push(...lines);
      if (first.length >= FIRST_LINES) begin();
    } else for (const line of lines) take(line);
  }
  if (format === null) begin();
  for (const request of format!.rest?.() ?? []) trace.add(request);
  const title = `${settings.sample ?? basename(source)} (${format!.name})`;
  const notes = bad.notes();
  const isGuess =
    settings.format === 'auto' && settings.columns === undefined && settings.pattern === undefined;
  if (isGuess && bad.areMost)
    throw new StartError(`${title}: ${notes[0]}; say what lines are with --columns, --format or --pattern`);
  if (lost > 0)
    notes.push(`The server left out ${lost} lines, because they came faster than they were read.`);
  if (trace.hasTtlsWithoutTimes) notes.push('TTLs have no effect, because the requests have no times.');
  return { trace, title, notes };
}

async function* chunksOf(settings: Settings): AsyncGenerator<string, void, undefined> {
  if (settings.sample === null) return yield* fileChunks(settings.file!);
  const { chunks, stop } = sampledChunks(settings.sample, settings.seconds);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  yield* chunks;
  // What follows ends at the first Ctrl-C.
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
}

/** Why a line is no text. */
function flawOf(line: string): string | undefined {
  if (line.length > LINE_MAX_LENGTH) return `it has more than ${LINE_MAX_LENGTH} characters`;
  if (line.includes('\0')) return 'it has a NUL, as binary files do, and UTF-16 without FF FE at its start';
  return undefined;
}

/** Lines that say nothing: how many, and the first. */
class BadLines {
  /** The number of the line that is being read. */
  line = 0;
  private count = 0;
  private first = '';

  add(line: string, reason: string): void {
    if (this.count++ === 0) this.first = `line ${this.line}: ${shown(reason)}: ${shown(line)}`;
  }

  get areMost(): boolean {
    return this.count * 2 > this.line;
  }

  notes(): string[] {
    if (this.count === 0) return [];
    const what = this.count === 1 ? '1 line of' : `${this.count.toLocaleString('en-US')} lines of`;
    return [`${what} ${this.line.toLocaleString('en-US')} could not be used. The first: ${this.first}`];
  }
}

/** A text of others: cut, and without what would move a terminal's cursor. */
function shown(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return cut.replaceAll(/\p{Cc}/gu, '?');
}

// Replaying

function reportOf(trace: Trace, settings: Settings, title: string, notes: readonly string[]): Report {
  const unit = trace.hasSizes && !settings.entries ? 'bytes' : 'entries';
  const requests = trace.prepare(unit === 'bytes' ? WEIGHED_OVERHEAD_BYTES : null);
  const reads = readsIn(requests);
  const lru = lruCurve(requests, reads);
  const sizes = sizesFrom(settings.sizes, unit, lru.footprint);
  const next = nextReads(requests);
  const ratio = (hits: number): number => hitRatioOf(requests, hits, reads);
  const scaled = (size: number): number => Math.max(Math.round(size * requests.rate), 1);
  const policies = settings.policies.map((name): Series => {
    return { name, hitRatios: sizes.map((size) => ratio(hitsUnder(name, unit, scaled(size), requests))) };
  });
  const attainable = ratioAt(lru.ratios, lru.footprint * 2);
  const from = Math.log2(sizes[0]!);
  const to = Math.log2(sizes.at(-1)!);
  return {
    title,
    unit,
    reads: trace.allReads,
    keys: trace.keyCount / trace.rate,
    rate: trace.rate,
    footprint: lru.footprint,
    sizes,
    policies,
    limit: {
      name: unit === 'entries' ? 'Belady' : 'Belady, approx.',
      hitRatios: sizes.map((size) => ratio(beladyHits(requests, next, scaled(size)))),
    },
    lru: Array.from({ length: CHART_POINTS + 1 }, (_, i) => {
      const size = 2 ** (from + ((to - from) * i) / CHART_POINTS);
      return { size, hitRatio: ratioAt(lru.ratios, size) };
    }),
    sizeFor99: attainable === 0 ? 0 : Math.min(sizeFor(lru.ratios, attainable * 0.99), lru.footprint),
    notes,
  };
}

function hitsUnder(policy: Policy, unit: 'bytes' | 'entries', size: number, requests: Requests): number {
  const cache = new MiniatureCache(policy, unit);
  cache.resize(size);
  return simulate(requests, cache);
}

function sizesFrom(
  list: readonly string[] | null,
  unit: 'bytes' | 'entries',
  footprint: number,
): readonly number[] {
  const sizes =
    list === null
      ? SHARES.map((share) => Math.max(Math.round(footprint * share), 1))
      : list.map((text) => (unit === 'bytes' ? bytesFrom(text) : number('--sizes', text, 0, 2 ** 50)));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function bytesFrom(text: string): number {
  const bytes = bytesOption('--sizes', /^\d+$/.test(text) ? Number(text) : text, 0);
  if (!Number.isFinite(bytes)) throw new UsageError(`--sizes takes sizes such as 64MiB; got ${text}`);
  return bytes;
}
