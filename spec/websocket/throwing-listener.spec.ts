/** A removal listener that throws: the error reaches the owner, and one client's connection at most is closed. */

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { eventually } from '../tcp/wire-client.js';
import { serve } from './fixture.js';

const listener = {
  onRemoval: () => {
    throw new Error('from the listener');
  },
};

it('closes the connection of the memcached client with 1011, and goes to onError', async () => {
  const errors: unknown[] = [];
  const { connect, engine } = await serve({ onError: (error) => errors.push(error) }, listener);
  const client = await connect();
  const secret = 'x'.repeat(100_000);
  client.send(`set a 0 0 ${secret.length}\r\n${secret}\r\nget a\r\ndelete a\r\nversion\r\n`);
  client.send('version\r\n');
  expect(await client.closed).toEqual({ code: 1011, reason: 'a fault of the server' });
  expect(client.messages).toEqual([]);
  await eventually(() => errors.length === 1, 'the error arrives');
  expect(errors).toEqual([new Error('from the listener')]);
  expect(engine.verify()).toEqual([]);
  expect(await (await connect()).ask('get a\r\n')).toBe('END\r\n');
});

it('does the same in work that goes on in a later turn', async () => {
  const errors: unknown[] = [];
  const { connect } = await serve({ requestsPerTurn: 1, onError: (error) => errors.push(error) }, listener);
  const client = await connect();
  client.send('set a 0 0 1\r\nx\r\nversion\r\ndelete a\r\nversion\r\n');
  expect((await client.closed).code).toBe(1011);
  expect(Buffer.concat(client.messages).toString()).toMatch(/^STORED\r\nVERSION \S+\r\n$/);
  await eventually(() => errors.length === 1, 'the error arrives');
});

it('answers the hotset.v1 client with an error, and goes to onError', async () => {
  const errors: unknown[] = [];
  const { connect } = await serve({ onError: (error) => errors.push(error) }, listener);
  const client = await connect('hotset.v1');
  const request = { jsonrpc: '2.0', id: 1 };
  client.sendText(JSON.stringify({ ...request, method: 'set', params: { key: 'a', value: 'x' } }));
  await client.message();
  client.sendText(JSON.stringify({ ...request, method: 'delete', params: { key: 'a' } }));
  expect(JSON.parse(await client.message())).toMatchObject({ error: { code: -32603 } });
  await eventually(() => errors.length === 1, 'the error arrives');
});

it('goes to onError when the upkeep brings it out', async () => {
  const errors: unknown[] = [];
  const { clock, connect, transport } = await serve({ onError: (error) => errors.push(error) }, listener);
  const client = await connect();
  await client.ask('set a 0 1 1\r\nx\r\n');
  clock.advance(2000);
  transport.upkeep();
  await eventually(() => errors.length === 1, 'the error arrives');
  expect(await client.ask('mn\r\n')).toBe('MN\r\n');
});

/** In a process of its own, because the error is an uncaught exception there. */
const SCRIPT = `
  import { once } from 'node:events';
  import { WebSocket } from 'ws';
  import { CacheEngine } from './dist/index.js';
  import { attachWebSocket } from './dist/websocket/index.js';

  const uncaught = [];
  process.on('uncaughtException', (error) => uncaught.push(error.message));
  const engine = new CacheEngine({ onRemoval: () => { throw new Error('from the listener'); } });
  const endpoint = attachWebSocket(engine, { port: 0 });
  const { port } = await endpoint.listen();
  const open = async () => {
    const ws = new WebSocket('ws://127.0.0.1:' + port, 'memcached');
    const client = { ws, text: '', closed: once(ws, 'close') };
    ws.on('message', (data) => { client.text += data; });
    await once(ws, 'open');
    return client;
  };
  const [first, second] = [await open(), await open()];
  first.ws.send(Buffer.from('set secret 0 0 1\\r\\nx\\r\\nget secret\\r\\ndelete secret\\r\\nversion\\r\\n'));
  const [code] = await first.closed;
  second.ws.send(Buffer.from('get nothing\\r\\nquit\\r\\n'));
  await second.closed;
  await endpoint.close({ forceAfterMs: Infinity });
  console.log(JSON.stringify({ uncaught, code, first: first.text, second: second.text, problems: engine.verify() }));
`;

it('is an error of the process without onError, and no client gets the replies of another', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    uncaught: ['from the listener'],
    code: 1011,
    first: '',
    second: 'END\r\n',
    problems: [],
  });
});
