/**
 * Runs in a process of its own: what a service does with a cache, over values of lognormal sizes: gets a key and, on a
 * miss, sets it. First as fast as the server answers, until the budget is full; then gets fall due at a fixed mean rate,
 * as in open-loop.mjs, and each operation is measured from when it was due (a set from when its miss was known). Every
 * value is compared. Argument, as JSON: `{ address, pids, fillBytes, perSecond, seconds }`. Prints JSON, latencies in microseconds.
 */

import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import { lognormal, seededRandom, shuffled, zipf } from '../workloads/random.mjs';
import { connectTo } from './addresses.mjs';
import { percentiles, recordMs } from './percentiles.mjs';
import { cpuMs, resident } from './process-figures.mjs';
import { keyOf } from './traffic.mjs';

const KEYS = 200_000;
const ZIPF_EXPONENT = 0.8;
/** @type {[number, number]} */
const SIZE_BOUNDS = [50, 200_000];
const MEDIAN_BYTES = 4_000;
const SIGMA = 1.7;
const CONNECTIONS = 50;
const READ_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const WARM_UP_MS = 1_000;
const LAST_REPLIES_MS = 2_000;
const OFFSETS = 65_536;
const END = Buffer.from('\r\nEND\r\n');

const { address, pids, fillBytes, perSecond, seconds } = JSON.parse(process.argv[2]);
const random = seededRandom(1);
const drawSize = lognormal(MEDIAN_BYTES, SIGMA, SIZE_BOUNDS, random);
const sizes = Uint32Array.from({ length: KEYS }, drawSize);
const keyOfRank = shuffled(KEYS, random);
const drawRank = zipf(KEYS, ZIPF_EXPONENT, random);
const drawKey = () => keyOfRank[drawRank()];

/** A key's value is a part of it; `END` behind each makes replies comparable in one go. */
const pool = Buffer.from(
  Uint8Array.from({ length: OFFSETS + SIZE_BOUNDS[1] }, () => 32 + Math.floor(random() * 90)),
);
const valueBytes = (key) => pool.subarray(key % OFFSETS, (key % OFFSETS) + sizes[key]);

const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
const latency = createHistogram();
const lateness = createHistogram();
const counts = { gets: 0, hits: 0, sets: 0, refused: 0, setBytes: 0, waiting: 0 };
let measureFrom = Number.POSITIVE_INFINITY;
let isFilling = true;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

class Client {
  /** Operations whose replies have not come: `{ key, due, isSet }`. */
  waiting = [];
  line = '';
  /** Bytes of the value and its end that were compared, of a hit; -1 while a line is read. */
  compared = -1;
  socket;

  get(key, due) {
    this.waiting.push({ key, due, isSet: false });
    counts.waiting++;
    this.socket.write(`get ${keyOf(key)}\r\n`, 'latin1');
  }

  set(key, due) {
    this.waiting.push({ key, due, isSet: true });
    counts.waiting++;
    counts.setBytes += sizes[key];
    this.socket.cork();
    this.socket.write(`set ${keyOf(key)} 0 0 ${sizes[key]}\r\n`, 'latin1');
    this.socket.write(valueBytes(key));
    this.socket.write('\r\n', 'latin1');
    this.socket.uncork();
  }

  receive(bytes) {
    for (let at = 0; at < bytes; )
      at = this.compared < 0 ? this.readLine(at, bytes) : this.readValue(at, bytes);
    return true;
  }

  readLine(at, bytes) {
    const found = buffer.indexOf(NEWLINE, at);
    const end = found < 0 || found >= bytes ? bytes : found + 1;
    this.line += buffer.latin1Slice(at, end);
    if (!this.line.endsWith('\n')) return end;
    const { key, isSet } = this.waiting[0] ?? fail('a reply that nobody asked for');
    const line = this.line;
    this.line = '';
    if (isSet) {
      if (line.startsWith('SERVER_ERROR out of memory')) counts.refused++;
      else if (line !== 'STORED\r\n') fail(`set: ${line}`);
      this.complete(false);
    } else if (line === 'END\r\n') this.complete(false);
    else if (line === `VALUE ${keyOf(key)} 0 ${sizes[key]}\r\n`) this.compared = 0;
    else fail(`get: ${line}`);
    return end;
  }

  readValue(at, bytes) {
    const value = valueBytes(this.waiting[0].key);
    const from = this.compared;
    const total = value.length + END.length;
    const end = Math.min(bytes, at + total - from);
    const ofValue = Math.min(end, at + Math.max(0, value.length - from));
    const ofEnd = from + ofValue - at - value.length;
    if (
      buffer.compare(value, from, from + ofValue - at, at, ofValue) !== 0 ||
      (end > ofValue && buffer.compare(END, ofEnd, ofEnd + end - ofValue, ofValue, end) !== 0)
    )
      fail('get: a wrong value');
    this.compared += end - at;
    if (this.compared === total) {
      this.compared = -1;
      this.complete(true);
    }
    return end;
  }

  complete(isHit) {
    const { key, due, isSet } = this.waiting.shift();
    counts.waiting--;
    const now = performance.now();
    if (due >= measureFrom) {
      recordMs(latency, now - due);
      counts[isSet ? 'sets' : 'gets']++;
      if (isHit) counts.hits++;
    }
    if (!(isSet || isHit)) this.set(key, now);
    else if (isFilling) this.get(drawKey(), now);
  }
}

async function connected() {
  const client = new Client();
  client.socket = connectTo(address, { buffer, callback: (bytes) => client.receive(bytes) });
  client.socket.on('error', (error) => fail(`connection failed: ${error.message}`));
  client.socket.on('end', () => fail('the server closed a connection'));
  await once(client.socket, 'connect');
  return client;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const clients = [];
for (let i = 0; i < CONNECTIONS; i++) clients.push(await connected());
for (const client of clients) client.get(drawKey(), performance.now());
while (counts.setBytes < fillBytes) await sleep(20);
isFilling = false;
while (counts.waiting > 0) await sleep(5);

let next = performance.now();
let sent = 0;
let cpuBefore = -1;
measureFrom = next + WARM_UP_MS;
const end = measureFrom + seconds * 1000;

function tick() {
  const now = performance.now();
  if (cpuBefore < 0 && now >= measureFrom) cpuBefore = cpuMs(pids).total;
  while (next <= now && next < end) {
    if (next >= measureFrom) recordMs(lateness, performance.now() - next);
    clients[sent++ % CONNECTIONS].get(drawKey(), next);
    next += (-Math.log(1 - random()) * 1000) / perSecond;
  }
  if (next < end || (counts.waiting > 0 && now < end + LAST_REPLIES_MS)) setImmediate(tick);
  else finish();
}

function finish() {
  if (counts.waiting > 0) fail(`${counts.waiting} operations were not answered`);
  const { gets, hits, sets, refused } = counts;
  const cpu = cpuMs(pids).total - cpuBefore;
  const { bytes, peakBytes } = resident(pids);
  const result = {
    operations: gets + sets,
    hitRatio: Number((hits / gets).toFixed(4)),
    refused,
    us: Number(((cpu * 1000) / (gets + sets)).toPrecision(4)),
    ...percentiles(latency),
    lateness: percentiles(lateness),
    residentBytes: bytes,
    peakBytes,
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

tick();
