/** Who may import whom, checked by reading every import in lib/. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const LIB = join(import.meta.dirname, '../../lib');

/** What each adapter takes from outside. Of hotset it has what users have, and the errors; never another adapter, but for what two frameworks share. */
const ADAPTERS: Readonly<Record<string, readonly string[]>> = {
  express: ['node:http'],
  'express-rate-limit': ['express-rate-limit'],
  'express-session': ['express-session'],
  fastify: ['node:stream', 'fastify'],
  keyv: ['node:events'],
  opentelemetry: ['node:diagnostics_channel', '@opentelemetry/api'],
  redis: ['@redis/client'],
  'response-cache': ['node:http'],
  undici: ['node:stream'],
  unstorage: ['unstorage'],
};

/**
 * What a room may import from, most specific path first. A room may always import from itself.
 * `packages` lists what it may take from outside, Node's own modules included.
 */
const ROOMS: readonly { room: string; imports: readonly string[]; packages: readonly string[] }[] = [
  { room: 'errors.ts', imports: [], packages: [] },
  { room: 'figures.ts', imports: [], packages: [] },
  { room: 'missing-package.ts', imports: ['errors.ts'], packages: [] },
  { room: 'version.ts', imports: [], packages: [] },
  { room: 'abort-signals.ts', imports: [], packages: [] },
  { room: 'options.ts', imports: ['errors.ts'], packages: [] },
  { room: 'scheduler.ts', imports: ['errors.ts', 'engine/clock.ts'], packages: [] },
  { room: 'shutdown.ts', imports: ['errors.ts', 'scheduler.ts'], packages: [] },
  { room: 'rpc-protocol.ts', imports: [], packages: [] },
  { room: 'server-log.ts', imports: [], packages: [] },
  { room: 'structures.ts', imports: [], packages: ['mnemonist', 'node:module'] },
  { room: 'value-text.ts', imports: ['errors.ts'], packages: [] },
  { room: 'listen-failure.ts', imports: ['errors.ts'], packages: [] },
  { room: 'index.ts', imports: ['engine', 'weigh', 'errors.ts'], packages: [] },
  // What commands need of a store: types for memcached/ and the stores.
  { room: 'items.ts', imports: ['engine'], packages: [] },
  {
    room: 'items',
    imports: ['engine', 'items.ts', 'errors.ts', 'value-text.ts'],
    packages: ['node:buffer', 'node:crypto', 'node:diagnostics_channel'],
  },
  { room: 'weigh', imports: ['errors.ts'], packages: [] },
  { room: 'engine', imports: ['weigh', 'errors.ts', 'options.ts'], packages: [] },
  {
    room: 'pages',
    imports: ['engine', 'items', 'snapshot', 'items.ts', 'errors.ts'],
    packages: ['node:buffer', 'node:fs', 'node:fs/promises', 'node:worker_threads'],
  },
  {
    room: 'loading',
    imports: ['engine', 'abort-signals.ts', 'errors.ts', 'figures.ts', 'options.ts', 'scheduler.ts'],
    packages: [],
  },
  // The user's own client, and no package of one.
  {
    room: 'tiered/redis',
    imports: ['tiered/bus.ts', 'tiered/second-tier.ts', 'errors.ts', 'options.ts', 'scheduler.ts'],
    packages: ['node:crypto', 'node:events'],
  },
  {
    room: 'tiered',
    imports: [
      'engine',
      'loading',
      'client/index.ts',
      'memcached-client',
      'abort-signals.ts',
      'errors.ts',
      'figures.ts',
      'options.ts',
      'scheduler.ts',
      'snapshot/serialization.ts',
    ],
    packages: ['node:buffer', 'node:crypto', 'node:events', 'node:util', 'node:zlib'],
  },
  // Parsers and replies do not know each other's handlers, commands or the store.
  ...[
    'text/text-parser.ts',
    'text/text-replies.ts',
    'meta',
    'binary/binary-packet.ts',
    'binary/binary-replies.ts',
    'binary/opcodes.ts',
  ].map((file) => ({
    room: `memcached/${file}`,
    imports: [
      'memcached/text',
      'memcached/meta',
      'memcached/binary',
      'memcached/request.ts',
      'memcached/reply-buffer.ts',
      'memcached/limits.ts',
      'memcached/wire-number.ts',
      'items.ts',
      'items/key.ts',
    ],
    packages: [],
  })),
  {
    room: 'memcached',
    imports: ['engine', 'items', 'items.ts', 'structures.ts', 'transport.ts', 'errors.ts', 'value-text.ts'],
    packages: ['node:buffer', 'node:crypto'],
  },
  {
    room: 'shared',
    imports: ['engine', 'items', 'memcached', 'pages', 'errors.ts', 'items.ts'],
    packages: ['node:crypto', 'node:os'],
  },
  {
    room: 'threads',
    imports: ['memcached', 'transport.ts'],
    packages: ['node:worker_threads'],
  },
  {
    room: 'snapshot',
    imports: ['engine', 'errors.ts'],
    packages: [
      'node:crypto',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:timers/promises',
      'node:v8',
      'node:zlib',
    ],
  },
  // The types of connections, which memcached shows in `stats`. It knows no more of transports.
  { room: 'transport.ts', imports: [], packages: [] },
  {
    room: 'transport',
    imports: [
      'transport.ts',
      'engine/clock.ts',
      'memcached/auth/credentials.ts',
      'memcached/item-store.ts',
      'memcached/reply-buffer.ts',
      'memcached/session.ts',
      'memcached/unread-replies.ts',
      'memcached/watch/lines.ts',
      'errors.ts',
      'scheduler.ts',
      'server-log.ts',
      'shutdown.ts',
      'structures.ts',
    ],
    packages: [],
  },
  {
    room: 'tcp',
    imports: [
      'transport',
      'transport.ts',
      'memcached',
      'errors.ts',
      'scheduler.ts',
      'server-log.ts',
      'shutdown.ts',
      'listen-failure.ts',
    ],
    packages: ['node:crypto', 'node:net', 'node:fs', 'node:tls'],
  },
  // The live view of an engine: both of the rooms that listen for HTTP.
  {
    room: 'web/live-view',
    imports: ['http', 'memcached', 'web', 'websocket', 'errors.ts'],
    packages: [],
  },
  // Shared by the two rooms that listen for HTTP: access and listening.
  {
    room: 'web',
    imports: ['errors.ts', 'listen-failure.ts', 'rpc-protocol.ts'],
    packages: ['node:crypto', 'node:http', 'node:net', 'node:stream'],
  },
  {
    room: 'websocket',
    imports: [
      'transport',
      'transport.ts',
      'items',
      'memcached',
      'web',
      'errors.ts',
      'rpc-protocol.ts',
      'scheduler.ts',
      'server-log.ts',
      'shutdown.ts',
      'structures.ts',
      'value-text.ts',
      'version.ts',
    ],
    packages: [
      'node:buffer',
      'node:crypto',
      'node:http',
      'node:https',
      'node:net',
      'node:perf_hooks',
      'node:stream',
      'node:url',
      'ws',
    ],
  },
  {
    room: 'client',
    imports: [
      'engine',
      'abort-signals.ts',
      'errors.ts',
      'missing-package.ts',
      'options.ts',
      'rpc-protocol.ts',
      'scheduler.ts',
      'value-text.ts',
    ],
    packages: ['ws'],
  },
  // A client of memcached, as far as the second tier needs one.
  {
    room: 'memcached-client',
    imports: ['engine', 'abort-signals.ts', 'errors.ts', 'options.ts', 'scheduler.ts'],
    packages: ['node:net', 'node:tls'],
  },
  {
    room: 'sharding',
    imports: [
      'client/index.ts',
      'engine/clock.ts',
      'tiered/refusals.ts',
      'tiered/second-tier.ts',
      'errors.ts',
      'options.ts',
      'scheduler.ts',
    ],
    packages: [],
  },
  {
    room: 'http',
    imports: [
      'engine',
      'loading',
      'memcached',
      'tiered/figures.ts',
      'tiered/stats.ts',
      'transport.ts',
      'web',
      'errors.ts',
      'figures.ts',
      'items.ts',
      'scheduler.ts',
      'server-log.ts',
      'shutdown.ts',
    ],
    packages: ['node:crypto', 'node:fs', 'node:http', 'node:net', 'node:path', 'node:url', 'prom-client'],
  },
  ...Object.entries(ADAPTERS).map(([name, packages]) => ({
    room: `adapters/${name}`,
    imports: [
      'index.ts',
      'engine/cache-engine.ts',
      'engine/invalidations.ts',
      'engine/tags.ts',
      'loading/index.ts',
      'loading/figures.ts',
      'tiered/index.ts',
      'tiered/figures.ts',
      'client/index.ts',
      'errors.ts',
      'figures.ts',
      'options.ts',
      'adapters/response-cache',
    ],
    packages,
  })),
  // The page that the http room serves: runs in browsers.
  { room: 'live-view', imports: ['client'], packages: ['uplot'] },
  {
    room: 'cli',
    imports: [
      'engine',
      'http',
      'items',
      'memcached',
      'pages',
      'snapshot',
      'tcp',
      'threads',
      'web',
      'websocket',
      'errors.ts',
      'items.ts',
      'listen-failure.ts',
      'missing-package.ts',
      'scheduler.ts',
      'server-log.ts',
      'version.ts',
    ],
    packages: [
      'node:child_process',
      'node:crypto',
      'node:dns/promises',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:os',
      'node:path',
      'node:tls',
      'node:stream',
      'node:url',
      'node:util',
      'node:v8',
      'node:worker_threads',
      'node:zlib',
    ],
  },
];

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split(sep).join('/'));

/** Specifiers of a file's imports and re-exports. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(LIB, file), 'utf8');
  return Array.from(source.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gm), (match) => match[1]!);
}

function targetOf(file: string, specifier: string): string {
  return posix.normalize(posix.join(dirname(file), specifier)).replace(/\.js$/, '.ts');
}

function within(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

function roomOf(file: string): (typeof ROOMS)[number] | undefined {
  return ROOMS.find(({ room }) => within(file, room));
}

describe('import directions', () => {
  it.each(files)('%s imports only from where its room may', (file) => {
    const room = roomOf(file);
    expect(room, 'every file is in a room').toBeDefined();
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const target = targetOf(file, specifier);
        const allowed = [room!.room, ...room!.imports].some((place) => within(target, place));
        expect(allowed, `${file} imports ${target}`).toBe(true);
      } else {
        expect(room!.packages, `${file} imports ${specifier}`).toContain(specifier);
      }
    }
  });

  it('in memcached, only the store and its openers import the engine', () => {
    const importing = files.filter(
      (file) =>
        within(file, 'memcached') &&
        importsOf(file).some(
          (specifier) => specifier.startsWith('.') && within(targetOf(file, specifier), 'engine'),
        ),
    );
    expect(importing.sort()).toEqual(['memcached/commands/storage.ts', 'memcached/item-store.ts']);
  });

  it('there are no cycles', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, `a cycle of imports: ${[...path, file].join(' → ')}`).not.toContain(file);
      if (done.has(file)) return;
      for (const specifier of importsOf(file).filter((candidate) => candidate.startsWith('.')))
        visit(targetOf(file, specifier), [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});
