/**
 * Runs in a process of its own: so many connections each send the beginning of a large `set` and wait. Prints what the
 * server takes then, and how many connections it has closed or answered; fails when it serves nobody else meanwhile.
 * Argument, as JSON: `{ address, pids, connections }`.
 */

import { once } from 'node:events';
import { connectTo } from './addresses.mjs';
import { resident } from './process-figures.mjs';
import { ask } from './wire.mjs';

const VALUE_BYTES = 900_000;
const SENT_BYTES = 64_000;
const SETTLE_MS = 1_000;

const { address, pids, connections } = JSON.parse(process.argv[2]);
const part = Buffer.alloc(SENT_BYTES, 'x');
const refused = new Set();

for (let i = 0; i < connections; i++) {
  const socket = connectTo(address);
  for (const event of ['data', 'end', 'error']) socket.on(event, () => refused.add(i));
  await once(socket, 'connect');
  socket.write(`set unfinished:${i} 0 0 ${VALUE_BYTES}\r\n`);
  socket.write(part);
}
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
await ask(address, 'version');
const { bytes, peakBytes } = resident(pids);
const figures = { residentBytes: bytes, peakBytes, refused: refused.size };
process.stdout.write(JSON.stringify(figures), () => process.exit());
