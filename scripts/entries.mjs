/**
 * npm run exports [-- --check]
 *
 * The entries of the package: what users import, each from `index.ts` of a folder of lib/. To add one, add its line here and
 * run the script: it writes `exports` and `typesVersions` of package.json, and `exports` of jsr.json. `--check` writes nothing,
 * and exits with 1 where they are not up to date.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ADAPTERS = [
  'express',
  'express-rate-limit',
  'express-session',
  'fastify',
  'keyv',
  'opentelemetry',
  'redis',
  'undici',
  'unstorage',
].map((name) => `adapters/${name}`);
const FOLDERS = [
  '.',
  'loading',
  'memcached',
  'tcp',
  'websocket',
  'client',
  'http',
  'web/live-view',
  'snapshot',
  'shared',
  'sharding',
  'tiered',
  ...ADAPTERS,
];

/** `{ subpath, source }` for each entry: `./keyv` and `adapters/keyv/index`; `.` and `index`. */
export const ENTRIES = FOLDERS.map((folder) => ({
  subpath: folder === '.' ? '.' : `./${basename(folder)}`,
  source: join(folder, 'index'),
}));

/** Bundlers take the modules behind `module`; Node takes the one CommonJS implementation, whichever way it is asked. */
function conditions({ source }) {
  return {
    module: `./dist/esm/${source}.js`,
    import: { types: `./dist/types/${source}.d.mts`, default: `./dist/${source}.js` },
    require: { types: `./dist/types/${source}.d.ts`, default: `./dist/${source}.cjs` },
  };
}

const table = (value, isWanted = () => true) =>
  Object.fromEntries(ENTRIES.filter(isWanted).map((entry) => [entry.subpath, value(entry)]));

const GENERATED = {
  'package.json': {
    exports: { ...table(conditions), './package.json': './package.json' },
    // For `moduleResolution: node10`, which knows no exports.
    typesVersions: {
      '*': Object.fromEntries(
        ENTRIES.filter(({ subpath }) => subpath !== '.').map(({ subpath, source }) => [
          subpath.slice(2),
          [`./dist/types/${source}.d.ts`],
        ]),
      ),
    },
  },
  // JSR takes no module that adds to another package's types, as Fastify's plugins do.
  'jsr.json': {
    exports: table(
      ({ source }) => `./lib/${source}.ts`,
      ({ subpath }) => subpath !== './fastify',
    ),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, generated] of Object.entries(GENERATED)) {
    const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
    const before = JSON.parse(readFileSync(file, 'utf8'));
    const after = { ...before, ...generated };
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    if (process.argv.includes('--check')) {
      console.error(`${name} is not up to date: npm run exports`);
      process.exitCode = 1;
    } else writeFileSync(file, `${JSON.stringify(after, null, 2)}\n`);
  }
