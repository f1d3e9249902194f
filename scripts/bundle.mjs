/**
 * Makes what the package ships, beside what tsc writes to dist/ for specs and benchmarks. N is an entry, such as `loading/index`:
 *
 *   dist/N.cjs        the one implementation that Node loads, whichever way it is asked
 *   dist/N.js         for `import` in Node: the names of N.cjs, so that a class is the same class both ways
 *   dist/esm/N.js     for bundlers, which drop what is not used
 *   dist/cli/main.js  the command, over the same chunks as dist/esm
 *   dist/chunks/      what entries share. `core.cjs` is all that `hotset` itself needs: a file takes half a
 *                     millisecond to load
 *   dist/types/       the declarations that entries reach, once; N.d.mts has their names for `import`
 *
 * and what browser-files.mjs makes. Nothing is renamed, and lines stay lines.
 */

import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import { ENTRIES } from './entries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [lib, dist] = [join(root, 'lib'), join(root, 'dist')];
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const optionalPeers = Object.keys(manifest.peerDependencies);
const sources = ENTRIES.map(({ source }) => source);

/** How modules of the core are imported, until the place of the importing chunk is known. */
const CORE = 'hotset:core';
const CORE_CHUNK = 'chunks/core';

const OPTIONS = {
  outdir: dist,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: optionalPeers,
  preserveSymlinks: true,
  metafile: true,
  write: false,
};

/** Packages whose code becomes part of the chunks. */
const JOINED = ['mnemonist', 'obliterator'];

/** `code`: name in dist/, without its ending -> text. */
async function bundled(options) {
  const { outputFiles, metafile } = await build({ ...OPTIONS, ...options });
  for (const path of Object.keys(metafile.inputs)) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    if (name !== undefined && !JOINED.includes(name))
      throw new Error(`${name} would be copied into the package: it belongs in peerDependencies`);
  }
  const code = new Map(
    outputFiles.map(({ path, text }) => [relative(dist, path).replace(/\.js$/, ''), text]),
  );
  return { code, metafile };
}

/** One chunk of all modules of the core. A name that two of them export is missing from it, which `withCore` finds. */
async function bundleCore() {
  const { metafile } = await bundled({ entryPoints: [join(lib, 'index.ts')] });
  const modules = Object.keys(metafile.inputs).map((path) => resolve(path));
  const contents = modules.map((path) => `export * from ${JSON.stringify(path)};`).join('\n');
  const { code } = await bundled({ stdin: { contents, resolveDir: lib, sourcefile: `${CORE_CHUNK}.js` } });
  const [text] = code.values();
  return { modules: new Set(modules), code: text, names: new Set(exportsOf(text).map(([, name]) => name)) };
}

const core = await bundleCore();

const importCore = {
  name: 'core',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) =>
      core.modules.has(join(resolveDir, path).replace(/\.js$/, '.ts'))
        ? { path: CORE, external: true, sideEffects: false }
        : undefined,
    );
  },
};

/** mnemonist's structures become part of the chunks, with their licences. */
const joinStructures = {
  name: 'structures',
  setup({ onLoad }) {
    onLoad({ filter: /\/lib\/structures\.ts$/ }, ({ path }) => {
      const licences = JOINED.map((name) => {
        const text = readFileSync(join(root, 'node_modules', name, 'LICENSE.txt'), 'utf8').trim();
        return `/*! ${name}:\n${text}\n*/\n`;
      });
      const code = readFileSync(path, 'utf8')
        .replace(/^import \{ createRequire \} .*\n/m, '')
        .replace(/^const load = .*\n/m, '')
        .replace(/\bload\('(.*?)'\)/g, (_, name) => `require('${join(root, 'node_modules', name)}.js')`);
      return { contents: licences.join('') + code, loader: 'ts' };
    });
  },
};

/** `places`: name of a source -> its place in dist/. */
const graph = (places, options) =>
  bundled({
    entryPoints: Object.entries(places).map(([name, out]) => ({ in: join(lib, `${name}.ts`), out })),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [joinStructures],
    ...options,
  });

const COMMAND = 'cli/main';
/** Answers for packages that are missing, in any chunk. */
const MISSING = 'missing-package';

const places = (folder) => Object.fromEntries(sources.map((name) => [name, join(folder, name)]));
// Constants of other modules become numbers where they are used, which spares a server about a twentieth of a request.
const modules = await graph({ ...places('esm'), [COMMAND]: COMMAND }, { minifySyntax: true });
const requirable = await graph(
  { ...places('.'), [MISSING]: `chunks/${MISSING}` },
  { plugins: [importCore, joinStructures], define: { 'import.meta.url': 'moduleUrl' } },
);

for (const [name, code] of modules.code) write(`${name}.js`, code);
for (const [name, code] of [[CORE_CHUNK, core.code], ...requirable.code])
  write(`${name}.cjs`, toCommonJs(name, withCore(name, code)));
for (const source of sources) write(`${source}.js`, toWrapper(source));
chmodSync(join(dist, `${COMMAND}.js`), 0o755);

/** The path of one file of dist/ as another imports it. */
function pathFrom(name, target) {
  const path = posix.relative(posix.dirname(name), target);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Imports of the core get its path; imports of nothing go, because no module has side effects. */
function withCore(name, code) {
  const path = `"${pathFrom(name, CORE_CHUNK)}.js"`;
  return code
    .replace(/^import "\.[^"]*";\n/gm, '')
    .replace(/^import \{([^}]*)\} from "hotset:core";$/gm, (_, list) => {
      for (const [imported] of namesIn(list))
        if (!core.names.has(imported)) throw new Error(`two modules of the core export ${imported}`);
      return `import {${list}} from ${path};`;
    })
    .replaceAll(`"${CORE}"`, path);
}

/** `[name, local]` of each in `a, b as c`. */
function namesIn(list) {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => each.split(' as '))
    .map(([name, local = name]) => [name, local]);
}

/** `[local, exported]` of each name in the one export statement that esbuild writes. */
function exportsOf(code) {
  return namesIn(/^export \{([^}]*)\};$/m.exec(code)?.[1] ?? '');
}

/**
 * esbuild cannot split CommonJS, so this turns the modules that it wrote into it: imports become constants (not reads of
 * an `exports` object with getters, which esbuild's own form has), exports properties. No chunk imports itself around a
 * circle, and no export changes, so that this is the same. The compiler at the end knows what was missed.
 */
function toCommonJs(name, code) {
  const commonJs = code
    .replace(/^import \{([^}]*)\} from "(.*)";$/gm, (_, names, from) => {
      return `const {${names.replaceAll(' as ', ': ')}} = ${required(name, from)};`;
    })
    .replace(/^import \* as (\S+) from "(.*)";$/gm, (_, local, from) => {
      const all = required(name, from);
      if (!from.endsWith(`${CORE_CHUNK}.js`)) return `const ${local} = ${all};`;
      // Of the core's many names those that are used: V8 reads small objects faster.
      const used = Array.from(code.matchAll(new RegExp(`\\b${local}\\.(\\w+)`, 'g')), ([, member]) => member);
      const names = [...core.names].filter((member) => used.includes(member)).join(', ');
      return `const ${local} = (({ ${names} }) => ({ ${names} }))(${all});`;
    })
    .replace(/^import (\w+) from "(.*)";$/gm, (_, local, from) => {
      return `const { default: ${local} } = withDefault(${required(name, from)});`;
    })
    // Who imports at run time answers for a missing package.
    .replace(/\bimport\(("[^"]*")\)/g, 'Promise.resolve().then(() => withDefault(require($1)))')
    .replace(/^export \{[^}]*\};$/gm, '')
    .concat(
      exportsOf(code)
        .map(([local, exported]) => `exports.${exported} = ${local};\n`)
        .join(''),
    );
  const preamble = [
    '"use strict";',
    /\bwithDefault\(/.test(commonJs) &&
      `const withDefault = (module) => (module[Symbol.toStringTag] === 'Module' ? module : { ...module, default: module });`,
    /\bmoduleUrl\b/.test(commonJs) && 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;',
  ];
  const text = `${preamble.filter(Boolean).join('\n')}\n${commonJs}`;
  compileFunction(text, ['exports', 'require', '__filename'], { filename: `${name}.cjs` });
  return text;
}

/** `createRequire`, because a plain import of CommonJS has its names guessed first, which takes longer than loading the core. */
function toWrapper(source) {
  const names = exportsOf(requirable.code.get(source)).map(([, name]) => name);
  const path = pathFrom(source, source === 'index' ? CORE_CHUNK : source);
  const named = names.filter((name) => name !== 'default');
  return [
    `import { createRequire } from 'node:module';`,
    `const all = createRequire(import.meta.url)('${path}.cjs');`,
    `export const { ${named.join(', ')} } = all;`,
    ...(hasDefault(source) ? ['export default all.default;'] : []),
    '',
  ].join('\n');
}

function hasDefault(source) {
  return defaultName(source) !== undefined;
}

/** The other name under which an entry exports its default. */
function defaultName(source) {
  const all = exportsOf(requirable.code.get(source));
  const [local] = all.find(([, name]) => name === 'default') ?? [];
  return all.find(([own, name]) => own === local && name !== 'default')?.[1];
}

function required(name, from) {
  if (from.startsWith('.')) return `require("${from.replace(/\.js$/, '.cjs')}")`;
  const wanted = `require("${from}")`;
  if (!optionalPeers.some((peer) => from === peer || from.startsWith(`${peer}/`))) return wanted;
  return `require("${pathFrom(name, `chunks/${MISSING}.cjs`)}").needed("${from}", () => ${wanted})`;
}

/** At once, for those who read it meanwhile. */
function write(name, text) {
  const file = join(dist, name);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, text);
  renameSync(draft, file);
}

/** Declarations are written once, for CommonJS, so that a class has one type both ways. */
const declared = new Set();
function declare(name) {
  if (declared.has(name)) return;
  declared.add(name);
  const text = readFileSync(join(dist, `${name}.d.ts`), 'utf8');
  const globals = /\b(AbortSignal|URL)\b/.test(text)
    ? `/// <reference path="${pathFrom(name, 'globals.d.ts')}" />\n`
    : '';
  write(`types/${name}.d.ts`, globals + text);
  for (const [, path] of text.matchAll(/(?:\bfrom |\bimport\()['"](\.[^'"]*)\.js['"]/g))
    declare(posix.join(posix.dirname(name), path));
}

write('types/package.json', '{ "type": "commonjs" }\n');
// The DOM's types and Node's have these, and a project may have neither.
write(
  'types/globals.d.ts',
  'interface AbortSignal {\n  readonly aborted: boolean;\n}\ninterface URL {\n  href: string;\n}\n',
);
for (const source of sources) {
  declare(source);
  write(
    `types/${source}.d.mts`,
    `export * from './index.js';\n${hasDefault(source) ? `export { ${defaultName(source)} as default } from './index.js';\n` : ''}`,
  );
}

await import('./browser-files.mjs');
