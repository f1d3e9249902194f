/**
 * Runs in a process of its own: stores items from a range of key numbers, pipelined, and checks that a sample of
 * them is held. With `version` 1 the values are other ones than with 0. Prints `{ ms }` as JSON.
 * Argument, as JSON: `{ address, protocol, keys, valueBytes, version }`.
 */

import { once } from 'node:events';
import { connectTo } from './addresses.mjs';
import { setAndCheck } from './traffic.mjs';

const BATCH = 1_000;
const SAMPLES = 1_000;

const { address, protocol, keys, valueBytes, version } = JSON.parse(process.argv[2]);
const { set, stored, get, item } = setAndCheck(protocol, valueBytes, version);

const socket = connectTo(address);
await once(socket, address.transport === 'tls' ? 'secureConnect' : 'connect');

/** Sends, and resolves to as many bytes as `replyBytes`. */
function exchange(request, replyBytes) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let received = 0;
    const onData = (chunk) => {
      parts.push(chunk);
      received += chunk.length;
      if (received < replyBytes) return;
      socket.off('data', onData);
      resolve(Buffer.concat(parts).toString('latin1'));
    };
    socket.on('data', onData);
    socket.once('end', () => reject(new Error('the server closed the connection')));
    socket.write(request, 'latin1');
  });
}

const started = performance.now();
for (let from = 0; from < keys; from += BATCH) {
  const to = Math.min(keys, from + BATCH);
  let request = '';
  for (let i = from; i < to; i++) request += set(i);
  const reply = await exchange(request, stored.length * (to - from));
  if (reply !== stored.repeat(to - from)) throw new Error(`not stored: ${reply.slice(0, 200)}`);
}
const ms = Math.round(performance.now() - started);
for (let sample = 0; sample < SAMPLES; sample++) {
  const i = Math.floor((sample * keys) / SAMPLES);
  const expected = item(i);
  const reply = await exchange(get(i), expected.length);
  if (reply !== expected) throw new Error(`key ${i} is not held: ${reply.slice(0, 200)}`);
}
process.stdout.write(JSON.stringify({ ms }), () => process.exit());
