/**
 * Figures that the docs state are the code's: defaults in tables and docstrings, and the constants and weights that
 * prose names.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveClient } from '../../lib/client/options.js';
import { COLUMN_SLACK, ENTRY_OVERHEAD_BYTES } from '../../lib/engine/budget.js';
import { columnBytes } from '../../lib/engine/columns.js';
import { resolveOptions } from '../../lib/engine/options.js';
import { resolveHttpOptions } from '../../lib/http/options.js';
import { CacheEngine, type CacheEngineOptions, type StoreOptions } from '../../lib/index.js';
import { resolveLoading } from '../../lib/loading/options.js';
import { resolveSaveOptions } from '../../lib/snapshot/options.js';
import { resolveTcpOptions } from '../../lib/tcp/options.js';
import { resolveWebSocketOptions } from '../../lib/websocket/options.js';
import { valueBytes } from '../../lib/weigh/index.js';
import { PROJECT_DIR } from '../support/project.js';

function text(name: string): string {
  return readFileSync(`${PROJECT_DIR}${name}`, 'utf8');
}

/** The value of a constant that is written as numbers and arithmetic. */
function constant(file: string, name: string): number {
  const source = text(`lib/${file}`);
  const written = new RegExp(`const ${name}(?:: number)? = ([\\d_ *+()xa-f]+);`).exec(source)?.[1];
  if (written === undefined) throw new Error(`${file} has no constant ${name} made of numbers`);
  return Function(`return ${written}`)() as number;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** How a number may be written: `1,024`, `1024`, `1 MiB`, `0o700`, `Infinity`. */
function spellings(value: unknown): string[] {
  if (typeof value !== 'number') return [String(value)];
  const sizes = ['KiB', 'MiB', 'GiB'].map((unit, i) => `${value / 1024 ** (i + 1)} ${unit}`);
  return [String(value), grouped(value), `0o${value.toString(8)}`, ...sizes];
}

const clientOptions = resolveClient({ nearCache: {} });
const { load, ...loadingOptions } = resolveLoading({});
const tcpOptions = resolveTcpOptions({});
const { mode } = resolveTcpOptions({ path: '/socket' }).address as { mode: number };

/** Options with their defaults filled in; those without a default are not compared. */
const OPTIONS: readonly { type: string; page: string; defaults: object }[] = [
  { type: 'CacheEngineOptions', page: 'docs/engine.md', defaults: resolveOptions({}) },
  {
    type: 'LoadingOptions',
    page: 'docs/loading.md',
    defaults: { ...load, ...loadingOptions },
  },
  { type: 'SaveSnapshotOptions', page: 'docs/snapshots.md', defaults: resolveSaveOptions({}) },
  {
    type: 'TcpServerOptions',
    page: 'docs/server.md',
    defaults: { ...tcpOptions, ...tcpOptions.address, mode },
  },
  { type: 'WebSocketOptions', page: 'docs/websocket.md', defaults: resolveWebSocketOptions({}) },
  { type: 'HttpServerOptions', page: 'docs/operations.md', defaults: resolveHttpOptions({}) },
  { type: 'ClientOptions', page: 'docs/client.md', defaults: clientOptions },
  { type: 'NearCacheOptions', page: 'docs/client.md', defaults: clientOptions.nearCache! },
];

/** Numbers, flags and words; an option that is off has no default to state. */
function stated(defaults: object): [name: string, value: unknown][] {
  return Object.entries(defaults).filter(([, value]) =>
    ['number', 'boolean', 'string'].includes(typeof value),
  );
}

/** Defaults as tables with a column of that name give them: `[option, default]`. */
function* tableDefaults(markdown: string): Generator<[name: string, value: string]> {
  let column = -1;
  for (const line of markdown.split('\n')) {
    const cells = line
      .replaceAll('\\|', '/')
      .split('|')
      .map((cell) => cell.trim());
    if (!line.startsWith('|')) column = -1;
    else if (cells.includes('default')) column = cells.indexOf('default');
    else if (column > 0 && !line.startsWith('|-')) {
      const names = [...cells[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
      const values = names.length === 1 ? [cells[column]!] : cells[column]!.split(/[;,] /);
      for (const [i, name] of names.entries()) yield [name, values[i] ?? values[0]!];
    }
  }
}

/** `Default: X.` of each option's docstring, as docs/api.md has it. */
function docstringDefaults(type: string): [name: string, value: string][] {
  const part = new RegExp(`^- (?:interface|class) \\*\\*\`${type}\\b[^]*?(?=^- |^## )`, 'm').exec(
    text('docs/api.md'),
  )![0];
  return [...part.matchAll(/^ {2}- `(\w+)\?[^\n]*?`: [^\n]*?Default: ([^\n]*?)(?:\. |\.$|, |$)/gm)].map(
    ([, name, value]) => [name!, value!],
  );
}

/** Whether a default begins with the value: more may be said behind it. */
function isStated(found: string, value: unknown): boolean {
  const bare = found.replaceAll(/[`']/g, '');
  return spellings(value).some(
    (spelling) => bare.startsWith(spelling) && !/^[\d.]|^,\d/.test(bare.slice(spelling.length)),
  );
}

describe.each(OPTIONS)('defaults of $type', ({ type, page, defaults }) => {
  const values = new Map(stated(defaults));

  it(`are those of ${page}`, () => {
    const tables = [...tableDefaults(text(page))].filter(([name]) => values.has(name));
    for (const [name, found] of tables)
      expect.soft(isStated(found, values.get(name)), `${name}: ${found}, not ${values.get(name)}`).toBe(true);
    expect(tables.length).toBeGreaterThan(0);
  });

  it('are those of its docstrings', () => {
    for (const [name, found] of docstringDefaults(type).filter(([name]) => values.has(name)))
      expect.soft(isStated(found, values.get(name)), `${name}: ${found}, not ${values.get(name)}`).toBe(true);
  });
});

/** What an entry counts beside its key and value, with versions in use: `getEntry` begins them. */
function overheadBytes(options: CacheEngineOptions<string, string>, store?: StoreOptions): number {
  const engine = new CacheEngine<string, string>(options);
  engine.set('key', 'value', store);
  return engine.getEntry('key')!.bytes - valueBytes('key') - valueBytes('value');
}

describe('figures in prose', () => {
  const plain = overheadBytes({});
  const flags = overheadBytes({}, { flags: 1 }) - plain;
  const ttl = overheadBytes({}, { ttlMs: 1000 }) - plain;
  const access = overheadBytes({ trackAccess: true }) - plain;
  // What a budget in bytes needs for itself: each entry's weight.
  const entry = ENTRY_OVERHEAD_BYTES + Math.round(columnBytes('weights') * COLUMN_SLACK);
  const versions = plain - entry;
  const lookSlots = constant('engine/entry-store.ts', 'RECLAIM_LOOKS');
  const answers = constant('engine/clock.ts', 'MAX_ANSWERS');
  const step = constant('engine/hit-ratio-window.ts', 'STEP_READS');
  const points = constant('engine/hit-ratio-window.ts', 'POINTS');
  const maxFlights = loadingOptions.maxFlights;
  const blockKiB = constant('snapshot/format.ts', 'BLOCK_MAX_BYTES') / 1024;

  it.each([
    ['docs/engine.md', `${entry} bytes for an entry on average`],
    [
      'docs/engine.md',
      `The first ${constant('engine/budget.ts', 'UNCOUNTED_BYTES') / 1024} KiB are not counted`,
    ],
    ['docs/engine.md', `| flags | ${flags} |`],
    ['docs/engine.md', `| versions | ${versions} |`],
    ['docs/engine.md', `| times of expiry | ${ttl} |`],
    ['docs/engine.md', `| access times | ${access} |`],
    ['docs/api.md', `begins to number writes, which takes ${versions} bytes for each entry`],
    ['docs/api.md', `(${access} bytes more for each entry)`],
    ['docs/engine.md', `looks at ${lookSlots} slots`],
    ['docs/engine.md', `up to ${answers} answers`],
    ['README.md', `${answers} reads of a loop`],
    ['docs/engine.md', `after ${grouped(constant('engine/listeners.ts', 'MAX_ROUNDS'))} rounds`],
    ['docs/engine.md', `the last ${grouped(Math.round((step * points) / 10_000) * 10_000)} reads or so`],
    [
      'docs/api.md',
      `fewer than ${grouped(step * points)}, then ${grouped(step * (points - 1))} to ${grouped(step * points - 1)}`,
    ],
    ['docs/engine.md', `texts of up to ${constant('engine/key-index.ts', 'TEXT_MAX_LENGTH')} characters`],
    ['docs/engine.md', `Maps of up to ${grouped(constant('engine/key-index.ts', 'MAP_MAX_KEYS'))} keys`],
    ['docs/loading.md', `at once, ${grouped(maxFlights)} by default`],
    [
      'docs/loading.md',
      `Of ${grouped(maxFlights + 2000)} different keys requested in one turn, 2,000 are refused`,
    ],
    ['docs/loading.md', `more than ${constant('loading/argument-key.ts', 'MAX_DEPTH')} levels deep`],
    ['docs/snapshots.md', `Version ${constant('snapshot/format.ts', 'FORMAT_VERSION')},`],
    ['docs/snapshots.md', `| header | ${constant('snapshot/format.ts', 'HEADER_BYTES')} |`],
    [
      'docs/snapshots.md',
      `| block | ${constant('snapshot/format.ts', 'BLOCK_HEADER_BYTES')} + up to ${blockKiB} KiB |`,
    ],
    ['docs/snapshots.md', `| footer | ${constant('snapshot/format.ts', 'FOOTER_BYTES')} |`],
    ['docs/snapshots.md', `About ${(4 * Number(blockKiB)) / 1024} MiB, and the largest entry`],
    [
      'docs/snapshots.md',
      `bytes, 1 to ${constant('snapshot/options.ts', 'LARGEST_ENTRY_BYTES') / 1024 ** 3} GiB`,
    ],
    ['docs/errors.md', `over ${constant('items/key.ts', 'KEY_MAX_BYTES')} bytes`],
  ])('%s says: %s', (page, sentence) => {
    expect(text(page).replace(/\s+/g, ' ')).toContain(sentence);
  });

  it('docs/engine.md names the bounds of the histograms of ages', () => {
    const engine = new CacheEngine({ maxEntries: 1, trackAccess: true });
    const bounds = engine.stats().evictionAges!.map(({ toMs }) => toMs);
    expect([bounds[0], bounds.at(-2), bounds.at(-1)]).toEqual([
      1,
      7 * 24 * 3_600_000,
      Number.POSITIVE_INFINITY,
    ]);
    expect(text('docs/engine.md')).toContain('from 1 ms to a week');
  });
});
