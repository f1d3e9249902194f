/**
 * The floor: counts request bytes and answers each request with the same reply, ready-made. It parses nothing and
 * stores nothing: what is left is Node's sockets, which read into one buffer as hotset's do (TLS: as streams).
 * Argument: `{ address, cell }` as JSON.
 */

import { readFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { sampleOf } from './traffic.mjs';

const MAX_PIPELINE = 64;
const READY_MAX_BYTES = 1e6;
const READ_BYTES = 64 * 1024;

const { address, cell } = JSON.parse(process.argv[2]);
const { requestBytes, reply } = sampleOf({ ...cell, protocol: 'memcached' });
const readyMade = Math.max(1, Math.min(MAX_PIPELINE, Math.floor(READY_MAX_BYTES / reply.length)));
const replies = Buffer.from(reply.repeat(readyMade), 'latin1');

/** Returns what takes the number of bytes of each read. */
function answers(socket) {
  let pending = 0;
  socket.on('error', () => socket.destroy());
  return (bytes) => {
    pending += bytes;
    const complete = Math.floor(pending / requestBytes);
    pending -= complete * requestBytes;
    for (let left = complete; left > 0; left -= readyMade)
      socket.write(replies.subarray(0, Math.min(left, readyMade) * reply.length));
    return true;
  };
}

if (address.transport === 'tls') {
  const [cert, key] = [readFileSync(address.certFile), readFileSync(address.keyFile)];
  createTlsServer({ cert, key, noDelay: true }, (socket) => {
    const answer = answers(socket);
    socket.on('data', (chunk) => answer(chunk.length));
  }).listen(address.port, '127.0.0.1');
} else {
  const where =
    address.transport === 'unix' ? { path: address.path } : { port: address.port, host: '127.0.0.1' };
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  /** @type {any} */
  const server = createServer().listen(where, () => {
    server._handle.onconnection = (_error, handle) => {
      let answer = (_bytes) => true;
      /** @type {any} */
      const options = { handle, onread: { buffer, callback: (bytes) => answer(bytes) } };
      const socket = new Socket(options);
      socket.setNoDelay(true);
      answer = answers(socket);
      socket.on('end', () => socket.end());
    };
  });
}
