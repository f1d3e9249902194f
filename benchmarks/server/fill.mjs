/**
 * Runs in a process of its own: stores items from a range of key numbers, pipelined, and checks that a sample of
 * them is held, unless it is more than the server holds (`evicts`): then sets may be refused, too. With `version` 1 the
 * values are other ones than with 0. Prints `{ ms, us, refused }` as JSON: time, the server's CPU time for each item.
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

const socket = connectTo(address).setEncoding('latin1');
await once(socket, address.transport === 'tls' ? 'secureConnect' : 'connect');

let reply = '';
let isComplete = (_text) => false;
let resolveReply = (_text) => {};
socket.on('data', (text) => {
  reply += text;
  if (!isComplete(reply)) return;
  resolveReply(reply);
  reply = '';
});
socket.on('end', () => {
  throw new Error('the server closed the connection');
});

/** Sends, and resolves to the reply when it is complete. */
function exchange(request, complete) {
  isComplete = complete;
  socket.write(request, 'latin1');
  return new Promise((resolve) => {
    resolveReply = resolve;
  });
}

const linesOf = (text) => text.split('\r\n').length - 1;

let refused = 0;
const started = performance.now();
const cpu = cpuMs(pids).total;
for (let from = first; from < first + keys; from += batch) {
  const to = Math.min(first + keys, from + batch);
  let request = '';
  for (let i = from; i < to; i++) request += set(i);
  const usual = stored.repeat(to - from);
  const answer = await exchange(
    request,
    (text) => text.length >= usual.length && (text === usual || linesOf(text) === to - from),
  );
  if (answer === usual) continue;
  const others = answer.split('\r\n').filter((line) => line !== '' && `${line}\r\n` !== stored);
  if (!evicts) throw new Error(`not stored: ${others[0]}`);
  refused += others.length;
}
const ms = Math.round(performance.now() - started);
const us = Number((((cpuMs(pids).total - cpu) * 1000) / keys).toPrecision(4));
for (let sample = 0; sample < SAMPLES && !evicts; sample++) {
  const i = first + Math.floor((sample * keys) / SAMPLES);
  const expected = item(i);
  const answer = await exchange(get(i), (text) => text.length >= expected.length);
  if (answer !== expected) throw new Error(`key ${i} is not held: ${answer.slice(0, 200)}`);
}
process.stdout.write(JSON.stringify({ ms, us, refused }), () => process.exit());
