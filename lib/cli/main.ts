#!/usr/bin/env node
/** The `hotset` command, before anything of it is loaded. */

import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

/** What `hotset replay` keeps is in V8's heap, and it should be quick. */
const replays = process.argv[2] === 'replay';

if (!replays) setFlags();

function setFlags(): void {
  // Items lie outside V8's heap, and requests leave next to nothing behind: its young generation stays at the 1 MiB that it
  // begins with, where it would grow to 32 or 64 MiB. Half its size is a flag that counts only when a process starts.
  setFlagsFromString('--semi-space-growth-factor=1');
  // What is left behind in the rest of the heap is collected before it adds up.
  setFlagsFromString('--heap-growing-percent=30');
  // A request crosses many small functions: V8 inlines more of them than its defaults let it (460, 920).
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=3000');
}

if (isMainThread) await start();
else {
  const { serveThread } = await import('./serve-thread.js');
  await serveThread();
}

async function start(): Promise<void> {
  // A SIGHUP during the start is ignored: the start reads users and certificates anyway.
  process.on('SIGHUP', () => {});
  const { run } = await import('./command.js').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EMFILE') throw error;
    process.stderr.write('hotset: this process may open too few files to start (ulimit -n)\n');
    process.exit(1);
  });
  await run(process.argv.slice(2), fileURLToPath(import.meta.url));
}
