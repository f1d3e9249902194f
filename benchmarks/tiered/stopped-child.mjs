/**
 * node stopped-child.mjs CACHE DIRECTORY
 *
 * What a cache returns while its Redis is stopped, and when it is back with what it had saved before. Prints words as JSON.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CACHES } from './caches.mjs';
import { ioredis } from './parts.mjs';

const [, , name, directory] = process.argv;
const path = join(directory, 'stopped');
/** Who waits so long gets no answer. */
const LIMIT_MS = 5_000;
/** Clients notice, and connect again, in less. */
const NOTICE_MS = 1_500;
/** What is tried again from time to time has been. */
const BACK_MS = 10_000;
const LIMIT = Symbol('limit');
process.on('unhandledRejection', () => {
  unhandled++;
});
process.on('uncaughtException', () => {
  unhandled++;
});
let unhandled = 0;

function startRedis() {
  const flags = ['--port', '0', '--save', '', '--unixsocket', path, '--dir', directory];
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve) =>
    server.stdout.on('data', (text) => /ready to accept/i.test(`${text}`) && resolve(server)),
  );
}

/** What a call comes to, in words. */
async function said(call, words = (value) => (value === undefined ? 'a miss' : `${value}`)) {
  const beganMs = performance.now();
  let text;
  try {
    const value = await Promise.race([call(), setTimeout(LIMIT_MS, LIMIT)]);
    text = value === LIMIT ? `no answer in ${LIMIT_MS / 1_000} s` : words(value);
  } catch (error) {
    text = `an error (${error.code ?? error.name})`;
  }
  const seconds = (performance.now() - beganMs) / 1_000;
  return seconds > 0.3 && !text.startsWith('no answer') ? `${text}, after ${seconds.toFixed(1)} s` : text;
}

let loads = 0;
const load = async () => {
  loads++;
  return 'a loaded value';
};

let server = await startRedis();
const make = () => CACHES[name](path, { entries: 1_000 });
const [cache, other] = [await make(), await make()];
for (const each of [cache, other]) while (!each.ready()) await setTimeout(5);
await other.set('in both', 'the stored value');
await other.set('in tier two', 'the stored value');
await setTimeout(100);
await cache.get('in both');
const admin = ioredis(path);
await admin.save();
admin.disconnect();

server.kill('SIGKILL');
await setTimeout(NOTICE_MS);
const answers = {};
answers['read of a key that the first tier has'] = await said(() => cache.get('in both'));
answers['the same, with a loader'] = await said(() => cache.getOrLoad('in both', load));
answers['read of a key that only Redis has, with a loader'] = await said(() =>
  cache.getOrLoad('in tier two', load),
);
loads = 0;
answers['ten reads at once of a new key, with a loader'] = await said(
  async () => (await Promise.all(Array.from({ length: 10 }, () => cache.getOrLoad('new', load)))).length,
  (count) => `${count} loaded values, ${loads} ${loads === 1 ? 'load' : 'loads'}`,
);
answers.write = await said(
  () => cache.set('in both', 'the new value'),
  (value) => (value === undefined ? 'resolves' : `resolves to ${value}`),
);
answers['read of what was just written'] = await said(() => cache.get('in both'));

server = await startRedis();
await setTimeout(BACK_MS);
const late = await make();
while (!late.ready()) await setTimeout(5);
answers['10 s after Redis is back with what it had, the writer reads'] = await said(() =>
  cache.get('in both'),
);
answers['a process that starts now reads'] = await said(() => late.get('in both'));
answers['errors that nobody could catch'] = unhandled === 0 ? 'none' : `${unhandled}`;
console.log(JSON.stringify(answers));
server.kill('SIGKILL');
process.exit(0);
