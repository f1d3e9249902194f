/**
 * Runs in a process of its own: saturates a server, each connection sending its next batch when the replies of the
 * one before are complete, and prints as JSON what that cost. Written to cost less than any server: requests are
 * ready-made, all connections read into one buffer, replies are counted in bytes, and one batch in SAMPLE is
 * compared byte by byte. `loadBusy` near 1 says that the load, and not the server, was the limit all the same.
 * Argument, as JSON: `{ addresses, pids, protocol, cell, measureMs, checked }`.
 */

import { connectTo } from './addresses.mjs';
import { cpuMs, resident } from './process-figures.mjs';
import { batchesOf, comparable, operationsOf } from './traffic.mjs';
import { framed, handshake, pingBytes, WEBSOCKETS } from './websocket-frames.mjs';

const SAMPLE = 64;
const READ_BYTES = 256 * 1024;
const PRELOAD_PIPELINE = 16;

const { addresses, pids, protocol, cell, measureMs, checked } = JSON.parse(process.argv[2]);
const { command, connections, valueBytes } = cell;

/** All that was read is done with before the next read. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

let operations = 0;
let stopping = false;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Sends batch after batch; `again` is asked after each whether to go on. */
function run(address, batches, operationsOfOne, first, name, again) {
  let at = first % batches.length;
  let { request, reply, requests } = batches[at];
  let received = 0;
  let actual = checked ? Buffer.allocUnsafeSlow(reply.length) : null;
  const isWebSocket = address.transport in WEBSOCKETS;
  let opening = isWebSocket;
  const onRead = (read) => {
    if (opening) {
      const answer = buffer.toString('latin1', 0, read);
      if (!(answer.startsWith('HTTP/1.1 101 ') && answer.endsWith('\r\n\r\n')))
        fail(`${name}: no handshake: ${answer.slice(0, 200)}`);
      opening = false;
      socket.write(request);
      return true;
    }
    const from = isWebSocket && received === 0 ? pingBytes(buffer, 0) : 0;
    const excess = received + read - from - reply.length;
    const to = isWebSocket && excess > 0 ? read - pingBytes(buffer, read - excess) : read;
    if (actual !== null) buffer.copy(actual, received, from, to);
    received += to - from;
    if (received < reply.length) return true;
    if (received > reply.length) fail(`${name}: a reply of ${received} bytes instead of ${reply.length}`);
    if (actual !== null && !comparable(name, actual).equals(comparable(name, reply)))
      fail(`${name}: a wrong reply: ${actual.toString('latin1').slice(0, 200)}`);
    operations += requests * operationsOfOne;
    received = 0;
    at = at + 1 === batches.length ? 0 : at + 1;
    ({ request, reply, requests } = batches[at]);
    actual = checked && at % SAMPLE === 0 ? Buffer.allocUnsafeSlow(reply.length) : null;
    if (again()) socket.write(request);
    else socket.destroy();
    return true;
  };
  const socket = connectTo(address, { buffer, callback: onRead });
  socket.on(address.transport === 'tls' ? 'secureConnect' : 'connect', () =>
    socket.write(opening ? handshake(address) : request),
  );
  socket.on('error', (error) => fail(`${name}: connection failed: ${error.message}`));
  socket.on('end', () => {
    if (!stopping) fail(`${name}: the server closed a connection`);
  });
}

function preload(address) {
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const sets = batchesOf({ protocol, command: 'set', pipeline: PRELOAD_PIPELINE, valueBytes });
      const batches = framed(sets, address.transport);
      let sent = 0;
      run(address, batches, 1, 0, 'set', () => {
        sent++;
        if (sent === batches.length) resolve();
        return sent < batches.length;
      });
    })
  );
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

if (checked) for (const address of addresses) await preload(address);
operations = 0;
const batches = framed(batchesOf({ ...cell, protocol }), addresses[0].transport);
for (let i = 0; i < connections; i++) {
  const first = Math.floor((i * batches.length) / connections);
  run(addresses[i % addresses.length], batches, operationsOf(command), first, command, () => !stopping);
}
await sleep(measureMs / 2);
const before = { cpu: cpuMs(pids), operations, at: performance.now(), own: process.cpuUsage() };
await sleep(measureMs);
const own = process.cpuUsage(before.own);
const after = { cpu: cpuMs(pids), operations, at: performance.now() };
const { bytes: residentBytes } = resident(pids);
stopping = true;
const done = after.operations - before.operations;
const ms = after.at - before.at;
const total = after.cpu.total - before.cpu.total;
const user = after.cpu.user - before.cpu.user;
const system = after.cpu.system - before.cpu.system;
const userShare = user / Math.max(user + system, 1);
const figures = {
  operations: done,
  ms: Math.round(ms),
  userUs: Number(((total * userShare * 1000) / done).toPrecision(4)),
  systemUs: Number(((total * (1 - userShare) * 1000) / done).toPrecision(4)),
  serverBusy: Number((total / ms).toFixed(3)),
  loadBusy: Number(((own.user + own.system) / 1000 / ms).toFixed(3)),
  residentBytes,
};
process.stdout.write(JSON.stringify(figures), () => process.exit());
