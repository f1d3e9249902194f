/** The traffic: requests and the replies that they must get, made before anything is timed. */

import { seededRandom, shuffled } from '../workloads/random.mjs';

export const KEYS = 10_000;
export const VALUE_BYTES = 100;

const key = (i) => `bench:key:${String(i).padStart(10, '0')}`;
const value = (i) => key(i).repeat(VALUE_BYTES / 20);

const commands = {
  get: {
    request: (i) => `get ${key(i)}\r\n`,
    reply: (i) => `VALUE ${key(i)} 0 ${VALUE_BYTES}\r\n${value(i)}\r\nEND\r\n`,
  },
  set: {
    request: (i) => `set ${key(i)} 0 0 ${VALUE_BYTES}\r\n${value(i)}\r\n`,
    reply: () => 'STORED\r\n',
  },
};

/** All keys once, shuffled, in batches of `pipeline` requests: `{ request, reply }` as Buffers. */
export function batchesOf(command, pipeline) {
  const { request, reply } = commands[command];
  const numbers = [...shuffled(KEYS, seededRandom(pipeline))];
  const batches = [];
  for (let at = 0; at < KEYS; at += pipeline) {
    const batch = numbers.slice(at, at + pipeline);
    batches.push({
      request: Buffer.from(batch.map(request).join(''), 'latin1'),
      reply: Buffer.from(batch.map(reply).join(''), 'latin1'),
    });
  }
  return batches;
}

/** Bytes of one request and of one reply: the same for all keys. */
export function lengthsOf(command) {
  const { request, reply } = commands[command];
  return { request: request(0).length, reply: reply(0).length, sampleReply: reply(0) };
}
