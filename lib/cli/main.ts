#!/usr/bin/env node
/** The `hotset` command, before anything of it is loaded. */

import { fileURLToPath } from 'node:url';

// Whoever starts the server may ask at once for users and certificates to be read again, which they are at the start.
process.on('SIGHUP', () => {});

const { run } = await import('./command.js').catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EMFILE') throw error;
  process.stderr.write('hotset: this process may open too few files to start (ulimit -n)\n');
  process.exit(1);
});
await run(process.argv.slice(2), fileURLToPath(import.meta.url));
