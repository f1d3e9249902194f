#!/usr/bin/env node
/** The `hotset` command, before anything of it is loaded. */

import { fileURLToPath } from 'node:url';

// A SIGHUP during the start is ignored: the start reads users and certificates anyway.
process.on('SIGHUP', () => {});

const { run } = await import('./command.js').catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EMFILE') throw error;
  process.stderr.write('hotset: this process may open too few files to start (ulimit -n)\n');
  process.exit(1);
});
await run(process.argv.slice(2), fileURLToPath(import.meta.url));
