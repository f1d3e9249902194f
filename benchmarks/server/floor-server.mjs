/**
 * The floor: counts request bytes and answers each request with the same reply, ready-made. It parses nothing and
 * stores nothing: what is left is Node's sockets. Argument: `{ address, cell }` as JSON.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { sampleOf } from './traffic.mjs';

const MAX_PIPELINE = 64;
const READY_MAX_BYTES = 1e6;

const { address, cell } = JSON.parse(process.argv[2]);
const { requestBytes, reply } = sampleOf({ ...cell, protocol: 'memcached' });
const readyMade = Math.max(1, Math.min(MAX_PIPELINE, Math.floor(READY_MAX_BYTES / reply.length)));
const replies = Buffer.from(reply.repeat(readyMade), 'latin1');

function serve(socket) {
  let pending = 0;
  socket.on('data', (chunk) => {
    pending += chunk.length;
    const complete = Math.floor(pending / requestBytes);
    pending -= complete * requestBytes;
    for (let left = complete; left > 0; left -= readyMade)
      socket.write(replies.subarray(0, Math.min(left, readyMade) * reply.length));
  });
  socket.on('error', () => socket.destroy());
}

if (address.transport === 'tls') {
  const [cert, key] = [readFileSync(address.certFile), readFileSync(address.keyFile)];
  createTlsServer({ cert, key, noDelay: true }, serve).listen(address.port, '127.0.0.1');
} else {
  const where =
    address.transport === 'unix' ? { path: address.path } : { port: address.port, host: '127.0.0.1' };
  createServer({ noDelay: true }, serve).listen(where);
}
