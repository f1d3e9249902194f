/**
 * Runs in a process of its own: subscribers on real WebSockets, and a client of the memcached port that stores at a steady
 * rate. Prints as JSON what a set costs the server; fails unless every subscriber is notified of every set.
 * Argument, as JSON: `{ tcp, http, pids, subscribers, setsPerSecond, measureMs }`.
 */

import { connectTo } from '../server/addresses.mjs';
import { cpuMs } from '../server/process-figures.mjs';
import { clientFrame, handshake } from '../server/websocket-frames.mjs';

const { tcp, http, pids, subscribers, setsPerSecond, measureMs } = JSON.parse(process.argv[2]);

const SET = 'set user:7 0 0 5\r\nhello\r\n';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"subscription":1}}';
/** Without cas ids (`-C`) it is always the same. */
const NOTIFICATION =
  '{"jsonrpc":"2.0","method":"invalidated","params":{"key":"user:7","cause":"stored","version":null}}';
const FRAME_HEADER_BYTES = 2;
const DEADLINE_MS = 10_000;
const SUBSCRIBE = clientFrame(
  http.transport,
  '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"prefixes":["user:"]}}',
);

const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let receivedBytes = 0;

function subscribe() {
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      let step = 'handshake';
      const socket = connectTo(http, {
        buffer,
        callback: (bytes) => {
          if (step === 'handshake') {
            step = 'subscribe';
            socket.write(SUBSCRIBE);
          } else if (step === 'subscribe') {
            if (!buffer.toString('latin1', 0, bytes).includes(ANSWER)) throw new Error('not subscribed');
            step = 'notified';
            resolve();
          } else receivedBytes += bytes;
          return true;
        },
      });
      socket.on('connect', () => socket.write(handshake(http)));
    })
  );
}

for (let i = 0; i < subscribers; i++) await subscribe();
const writer = connectTo(tcp, { buffer: Buffer.alloc(1024), callback: () => true });
let sets = 0;

/** One set, delivered to every subscriber before the next: two waiting changes of one key may go out as one. */
async function setAndAwaitDelivery() {
  writer.write(SET);
  sets++;
  const expected = sets * subscribers * (FRAME_HEADER_BYTES + NOTIFICATION.length);
  const deadline = performance.now() + DEADLINE_MS;
  await sleep(1000 / setsPerSecond);
  while (receivedBytes < expected && performance.now() < deadline) await sleep(1);
  if (receivedBytes !== expected) throw new Error(`${receivedBytes} bytes arrived instead of ${expected}`);
}

async function setFor(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until) await setAndAwaitDelivery();
}

await setFor(measureMs / 2);
const before = { cpu: cpuMs(pids), sets };
await setFor(measureMs);
const after = { cpu: cpuMs(pids), sets };
const ms = after.cpu.total - before.cpu.total;
process.stdout.write(JSON.stringify({ us: (ms * 1000) / (after.sets - before.sets) }), () => process.exit());
