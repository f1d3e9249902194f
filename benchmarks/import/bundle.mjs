/** The size of a bundle: minified by esbuild, Node's own modules left out, gzipped as a server would. */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundlerPath } from './packages.mjs';

/** `{ minified, gzipped, nodeModules }` in bytes and names; `{ error }` for what cannot be bundled. */
export async function bundled(esbuild, { specifier, bundledSpecifier = specifier, names }) {
  try {
    const result = await esbuild.build({
      stdin: {
        // All of the core is kept, not what an application would use of it.
        contents: `export * from ${JSON.stringify(bundlerPath(bundledSpecifier))}; import ${names} from ${JSON.stringify(bundlerPath(bundledSpecifier))}; export const used = ${names.replace(/[{} ]/g, '')};`,
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const [{ contents }] = result.outputFiles;
    const imported = Object.values(result.metafile.outputs).flatMap((output) => output.imports);
    return {
      minified: contents.length,
      gzipped: gzipSync(contents, { level: 9 }).length,
      nodeModules: [...new Set(imported.filter(({ external }) => external).map(({ path }) => path))].sort(),
    };
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  }
}
