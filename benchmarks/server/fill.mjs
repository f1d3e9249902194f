/**
 * Runs in a process of its own: stores items from a range of key numbers, pipelined, and checks that a sample of
 * them is held, unless it is more than the server holds (`evicts`). With `version` 1 the values are other ones than with 0.
 * Prints `{ ms, us }` as JSON: time, and the server's CPU time for each item.
 * Argument, as JSON: `{ address, pids, protocol, first, keys, valueBytes, version, evicts }`.
 */

import { once } from 'node:events';
import { connectTo } from './addresses.mjs';
import { cpuMs } from './process-figures.mjs';
import { setAndCheck } from './traffic.mjs';

const MAX_BATCH = 1_000;
const MAX_BATCH_BYTES = 1_000_000;
const SAMPLES = 1_000;

const {
  address,
  pids,
  protocol,
  first = 0,
  keys,
  valueBytes,
  version = 0,
  evicts = false,
} = JSON.parse(process.argv[2]);
const batch = Math.max(1, Math.min(MAX_BATCH, Math.floor(MAX_BATCH_BYTES / valueBytes)));
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
const cpu = cpuMs(pids).total;
for (let from = first; from < first + keys; from += batch) {
  const to = Math.min(first + keys, from + batch);
  let request = '';
  for (let i = from; i < to; i++) request += set(i);
  const reply = await exchange(request, stored.length * (to - from));
  if (reply !== stored.repeat(to - from)) throw new Error(`not stored: ${reply.slice(0, 200)}`);
}
const ms = Math.round(performance.now() - started);
const us = Number((((cpuMs(pids).total - cpu) * 1000) / keys).toPrecision(4));
for (let sample = 0; sample < SAMPLES && !evicts; sample++) {
  const i = first + Math.floor((sample * keys) / SAMPLES);
  const expected = item(i);
  const reply = await exchange(get(i), expected.length);
  if (reply !== expected) throw new Error(`key ${i} is not held: ${reply.slice(0, 200)}`);
}
process.stdout.write(JSON.stringify({ ms, us }), () => process.exit());
