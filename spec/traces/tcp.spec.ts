/**
 * Real traces through the TCP server, from a client that pipelines: each request is a `get`, and an `add` that
 * fills the cache where the get missed. An add that is refused makes its item the newest, as the hit before
 * it did, so that the order is that of a read-through cache without waiting for each answer.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { keysOf, TRACES, traceSkip } from './traces.js';

const REQUESTS_PER_WRITE = 2000;
/** `VALUE` begins with the only V in a reply: keys are numbers, values are x. */
const LETTER_V = 0x56;

async function hitsThroughTcp(
  keys: Uint32Array,
  capacity: number,
): Promise<{ counted: number; told: number }> {
  const engine = new CacheEngine<string, unknown>({ maxEntries: capacity });
  const server = createTcpServer(engine, { port: 0 });
  const address = await server.listen();
  const socket = connect('port' in address ? address.port! : 0);
  await once(socket, 'connect');
  let counted = 0;
  let last = '';
  socket.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(LETTER_V); at !== -1; at = chunk.indexOf(LETTER_V, at + 1)) counted++;
    last = (last + chunk.toString('latin1', Math.max(0, chunk.length - 16))).slice(-16);
  });
  for (let from = 0; from < keys.length; from += REQUESTS_PER_WRITE) {
    let text = '';
    for (const key of keys.subarray(from, from + REQUESTS_PER_WRITE))
      text += `get ${key}\r\nadd ${key} 0 0 1 noreply\r\nx\r\n`;
    if (!socket.write(text, 'latin1')) await once(socket, 'drain');
  }
  socket.write('touch the-end 0\r\n');
  while (!last.endsWith('NOT_FOUND\r\n')) await once(socket, 'data');
  socket.destroy();
  const told = engine.stats().hits;
  expect(engine.verify()).toEqual([]);
  await server.close();
  return { counted, told };
}

describe.skipIf(traceSkip !== undefined)('real traces through the TCP server', () => {
  for (const trace of TRACES) {
    // The smallest, which evicts the most; the engine's own spec has all.
    const [capacity, hits] = trace.hits[0]!;
    it(`${trace.name} with ${capacity} entries: ${hits} hits`, async () => {
      expect(await hitsThroughTcp(keysOf(trace), capacity)).toEqual({ counted: hits, told: hits });
    });
  }
});
