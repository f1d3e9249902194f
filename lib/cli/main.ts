#!/usr/bin/env node
/** The `hotset` command, before anything of it is loaded. */

import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/** A request crosses many small functions: V8 inlines more of them than its defaults let it (460, 920). */
const V8_FLAGS = ['--max-inlined-bytecode-size=1000', '--max-inlined-bytecode-size-cumulative=3000'];
for (const flag of V8_FLAGS) setFlagsFromString(flag);

// A SIGHUP during the start is ignored: the start reads users and certificates anyway.
process.on('SIGHUP', () => {});

const { run } = await import('./command.js').catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EMFILE') throw error;
  process.stderr.write('hotset: this process may open too few files to start (ulimit -n)\n');
  process.exit(1);
});
await run(process.argv.slice(2), fileURLToPath(import.meta.url));
