/**
 * Joins lib/live-view into one file, dist/live-view/index.html: the script with all that it imports, and the style
 * sheet, both inline and minified. The page asks nobody but the server that it came from for anything.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'lib/live-view');
const target = join(root, 'dist/live-view');

const { outputFiles } = await build({
  entryPoints: [join(source, 'main.ts'), join(source, 'style.css')],
  outdir: target,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  // What browsers of 2024 know: the colours of the style sheet need them too.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  // Loaded where there is no WebSocket: never here.
  external: ['ws'],
  write: false,
});
const [script, style] = ['.js', '.css'].map((ending) =>
  outputFiles.find(({ path }) => path.endsWith(ending)).text.trim(),
);
// Its licence wants to be told with every copy.
const licence = readFileSync(join(root, 'node_modules/uplot/LICENSE'), 'utf8').trim();

const page = readFileSync(join(source, 'index.html'), 'utf8')
  .replace('<head>', () => `<!-- Draws with uPlot:\n${licence}\n-->\n<head>`)
  .replace('<style></style>', () => `<style>${style}</style>`)
  .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
mkdirSync(target, { recursive: true });
// At once, for those who read it meanwhile.
const draft = join(target, `index.${process.pid}.html`);
writeFileSync(draft, page);
renameSync(draft, join(target, 'index.html'));
