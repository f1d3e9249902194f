/**
 * Runs in a process of its own: sets keys, so many in each turn of the event loop, while so many clients are subscribed
 * to a prefix. `#` in the prefix stands for the client's number, modulo the keys. Prints JSON: ns of CPU time, the
 * collector's with it, for each set and its notifications, and frames and bytes sent. Arguments: subscribers, prefix, sets in a turn, ms.
 */

import { setImmediate } from 'node:timers/promises';
import { CacheEngine } from '../../dist/engine/cache-engine.js';
import { itemStoreOf } from '../../dist/memcached/item-store.js';
import { RpcContext } from '../../dist/websocket/rpc/rpc-context.js';
import { RpcHandler } from '../../dist/websocket/rpc/rpc-handler.js';

const KEYS = 1000;
const MIB = 1024 * 1024;

const [subscriberText, prefix, setsText, msText] = process.argv.slice(2);
const subscribers = Number(subscriberText);
const setsPerTurn = Number(setsText);
const measureMs = Number(msText);

const engine = new CacheEngine({ maxBytes: 64 * MIB });
const context = new RpcContext(itemStoreOf(engine), {
  access: 'full',
  maxSubscriptions: 100,
  maxSubscriptionBytes: MIB,
  maxBatch: 1000,
  maxReplyBytes: 16 * MIB,
  maxRepliesBytes: 32 * MIB,
  maxUnsentBytes: MIB,
  maxBacklogBytes: 32 * MIB,
});

let frames = 0;
let bytes = 0;

for (let id = 1; id <= subscribers; id++) {
  const sink = {
    id,
    unsentBytes: 0,
    sendText: (text) => {
      frames++;
      bytes += text.length;
    },
    sendBinary: () => {},
    pause: () => {},
    resume: () => {},
    end: () => {},
    cut: () => {},
  };
  const request = {
    jsonrpc: '2.0',
    id: 1,
    method: 'subscribe',
    params: { prefixes: [prefix.replace('#', String(id % KEYS))] },
  };
  new RpcHandler(sink, context).receive(Buffer.from(JSON.stringify(request)), false);
}

const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}`);
const value = 'x'.repeat(100);
let at = 0;

async function run(ms) {
  let sets = 0;
  const before = process.cpuUsage();
  const start = performance.now();
  let end = start;
  for (; end - start < ms; end = performance.now()) {
    for (let i = 0; i < setsPerTurn; i++) engine.set(keys[at++ % KEYS], value);
    sets += setsPerTurn;
    // Notifications go out before this.
    await setImmediate();
  }
  const { user, system } = process.cpuUsage(before);
  return { sets, ns: ((user + system) * 1000) / sets };
}

await run(measureMs / 2);
frames = 0;
bytes = 0;
const { sets, ns } = await run(measureMs);
console.log(JSON.stringify({ ns, sets, frames, bytes }));
