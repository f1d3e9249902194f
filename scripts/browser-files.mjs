/**
 * What browsers get, each joined into one file that asks nobody for anything: dist/client/browser.js is `hotset/client`
 * as a module, which `/client.js` gives to pages without a bundler; dist/live-view/index.html is the live view, script and
 * style inline.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'lib/live-view');

async function joined(...sources) {
  const { outputFiles } = await build({
    entryPoints: sources,
    outdir: join(root, 'dist'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // What browsers of 2024 know: the colours of the style sheet need them too.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Loaded where there is no WebSocket: never here. package.json says so to bundlers.
    plugins: [
      {
        name: 'no-ws',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^ws$/ }, ({ path }) => ({ path, namespace: 'none' }));
          onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export default undefined;' }));
        },
      },
    ],
    write: false,
  });
  return ['.js', '.css'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim());
}

/** At once, for those who read it meanwhile. */
function write(name, text) {
  const file = join(root, 'dist', name);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, text);
  renameSync(draft, file);
}

const [client] = await joined(join(root, 'lib/client/index.ts'));
write('client/browser.js', `${client}\n`);

const [script, style] = await joined(join(page, 'main.ts'), join(page, 'style.css'));
// Its licence wants to be told with every copy.
const licence = readFileSync(join(root, 'node_modules/uplot/LICENSE'), 'utf8').trim();
write(
  'live-view/index.html',
  readFileSync(join(page, 'index.html'), 'utf8')
    .replace('<head>', () => `<!-- Draws with uPlot:\n${licence}\n-->\n<head>`)
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`),
);
