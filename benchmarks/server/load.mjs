/**
 * Runs in a process of its own: loads a server over loopback and prints, as JSON, operations, seconds and the
 * server's CPU time. Cheap, so that one core drives the server: requests are ready-made, replies are counted
 * in bytes, and one batch in SAMPLE is compared byte by byte.
 * Arguments: port, the server's process id, command, pipeline, milliseconds, 'checked' or 'unchecked'.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { batchesOf } from './requests.mjs';

const CONNECTIONS = 50;
const SAMPLE = 64;
/** The kernel's unit in /proc/<pid>/stat, on every architecture that Node runs on. */
const TICK_MS = 10;

const [portText, pid, command, pipelineText, msText, check] = process.argv.slice(2);
const port = Number(portText);
const pipeline = Number(pipelineText);
const measureMs = Number(msText);

let operations = 0;
let stopping = false;

/** CPU time of the whole process, user and system, threads that have ended included. */
function cpuMs() {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name, in parentheses, may hold blanks: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Sends batch after batch, each when the replies of the one before are complete. */
function run(batches, first, done) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let at = first % batches.length;
  let expected = batches[at].reply;
  let received = 0;
  let sampled = true;
  let parts = [];
  const send = () => socket.write(batches[at].request);
  socket.on('connect', send);
  socket.on('data', (chunk) => {
    received += chunk.length;
    if (sampled) parts.push(chunk);
    if (received < expected.length) return;
    if (received > expected.length) fail(`a reply of ${received} bytes instead of ${expected.length}`);
    if (sampled) {
      if (check === 'checked' && !Buffer.concat(parts).equals(expected))
        fail(`a wrong reply: ${Buffer.concat(parts).toString('latin1').slice(0, 200)}`);
      parts = [];
    }
    operations += pipeline;
    received = 0;
    at = at + 1 === batches.length ? 0 : at + 1;
    expected = batches[at].reply;
    sampled = at % SAMPLE === 0;
    if (done(at)) socket.end();
    else send();
  });
  socket.on('error', (error) => fail(`connection failed: ${error.message}`));
  socket.on('close', () => {
    if (!stopping && !done(at)) fail('the server closed a connection');
  });
}

function preload() {
  return new Promise((resolve) => {
    const batches = batchesOf('set', 16);
    let sent = 0;
    run(batches, 0, () => {
      sent++;
      if (sent === batches.length) resolve();
      return sent >= batches.length;
    });
  });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

await preload();
const batches = batchesOf(command, pipeline);
for (let i = 0; i < CONNECTIONS; i++)
  run(batches, Math.floor((i * batches.length) / CONNECTIONS), () => stopping);
await sleep(measureMs / 3);
const before = { cpu: cpuMs(), operations, at: performance.now(), own: process.cpuUsage() };
await sleep(measureMs);
const own = process.cpuUsage(before.own);
const after = { cpu: cpuMs(), operations, at: performance.now() };
stopping = true;
const done = after.operations - before.operations;
process.stdout.write(
  JSON.stringify({
    operations: done,
    seconds: (after.at - before.at) / 1000,
    serverCpuMs: after.cpu - before.cpu,
    loadCpuMs: (own.user + own.system) / 1000,
    usPerOperation: ((after.cpu - before.cpu) * 1000) / done,
    operationsPerSecond: (done * 1000) / (after.at - before.at),
  }),
);
