/**
 * Runs in a process of its own: sends requests at a fixed mean rate, whatever the server does, and measures each from
 * the moment when it was due, not from when it was sent. So a server that stops for a while pays for every request
 * that came due meanwhile, and nobody's slowness makes the load lighter (no "coordinated omission"). The times between
 * requests are exponential, as those of many independent clients are; a busy loop keeps them to microseconds.
 * Argument, as JSON: `{ address, protocol, cell, perSecond, seconds, keys }`. Prints microseconds as JSON.
 */

import { createHistogram } from 'node:perf_hooks';
import { seededRandom } from '../workloads/random.mjs';
import { connectTo } from './addresses.mjs';
import { percentiles, recordMs } from './percentiles.mjs';
import { requestAndReply } from './traffic.mjs';

const READ_BYTES = 256 * 1024;
/** Before anything counts: as long again, and a second at most. */
const WARM_UP_MAX_SECONDS = 1;
/** So much later than the last request a reply still counts. */
const LAST_REPLIES_MS = 2_000;

const { address, protocol, cell, perSecond, seconds, keys } = JSON.parse(process.argv[2]);
const { connections, command, valueBytes } = cell;
const random = seededRandom(1);
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
const latency = createHistogram();
/** How late requests were sent: what the load itself adds. */
const lateness = createHistogram();

let sent = 0;
let answered = 0;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Requests go out as they come due, one behind the other; replies come in their order. */
function openConnection() {
  /** When each that waits was due, and how long its reply is. */
  const due = [];
  const lengths = [];
  let first = 0;
  let received = 0;
  const onRead = (bytes) => {
    received += bytes;
    const now = performance.now();
    while (first < due.length && received >= lengths[first]) {
      received -= lengths[first];
      if (due[first] >= measureFrom) recordMs(latency, now - due[first]);
      answered++;
      first++;
    }
    if (first === due.length) {
      if (received > 0) fail(`${received} bytes that nobody asked for`);
      due.length = 0;
      lengths.length = 0;
      first = 0;
    }
    return true;
  };
  const socket = connectTo(address, { buffer, callback: onRead });
  socket.on('error', (error) => fail(`connection failed: ${error.message}`));
  socket.on('end', () => fail('the server closed a connection'));
  const send = (at) => {
    const { request, replyBytes } = requestAndReply(
      protocol,
      command,
      Math.floor(random() * keys),
      valueBytes,
      random,
    );
    due.push(at);
    lengths.push(replyBytes);
    socket.write(request, 'latin1');
  };
  return new Promise((resolve) => {
    socket.once(address.transport === 'tls' ? 'secureConnect' : 'connect', () => resolve(send));
  });
}

const senders = await Promise.all(Array.from({ length: connections }, openConnection));
const started = performance.now();
const measureFrom = started + Math.min(WARM_UP_MAX_SECONDS, seconds) * 1000;
const end = measureFrom + seconds * 1000;
let next = started;

function tick() {
  const now = performance.now();
  while (next <= now && next < end) {
    if (next >= measureFrom) recordMs(lateness, performance.now() - next);
    senders[sent % connections](next);
    sent++;
    next += (-Math.log(1 - random()) * 1000) / perSecond;
  }
  if (next >= end && (answered === sent || now > end + LAST_REPLIES_MS)) finish();
  else setImmediate(tick);
}

function finish() {
  if (answered < sent) fail(`${sent - answered} requests were not answered`);
  const result = {
    perSecond,
    requests: latency.count,
    ...percentiles(latency),
    lateness: percentiles(lateness),
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

tick();
