/** A removal listener that throws is an error of the process; it must not mix up the clients' conversations. */

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { serve } from './fixture.js';

/** In a process of its own, because the error is an uncaught exception there. */
const SCRIPT = `
  import { once } from 'node:events';
  import { connect } from 'node:net';
  import { CacheEngine } from 'hotset';
import { createTcpServer } from 'hotset/tcp';

  const uncaught = [];
  process.on('uncaughtException', (error) => uncaught.push(error.message));
  const engine = new CacheEngine({ onRemoval: () => { throw new Error('from the listener'); } });
  const server = createTcpServer(engine, { port: 0 });
  const { port } = await server.listen();
  const open = () => {
    const socket = connect(port, '127.0.0.1');
    const client = { socket, text: '', closed: once(socket, 'close') };
    socket.on('data', (data) => { client.text += data; });
    return client;
  };
  const [first, second] = [open(), open()];
  first.socket.write('set secret 0 0 1\\r\\nx\\r\\nget secret\\r\\ndelete secret\\r\\nversion\\r\\n');
  await first.closed;
  second.socket.write('get nothing\\r\\nquit\\r\\n');
  await second.closed;
  await server.close();
  console.log(JSON.stringify({ uncaught, first: first.text, second: second.text, problems: engine.verify() }));
`;

it('goes to onError where there is one, and the process need not know', async () => {
  const errors: unknown[] = [];
  const { connect, engine } = await serve(
    { onError: (error) => errors.push(error) },
    {
      onRemoval: () => {
        throw new Error('from the listener');
      },
    },
  );
  const client = await connect();
  client.send('set a 0 0 1\r\nx\r\ndelete a\r\nversion\r\n');
  expect(await client.rest()).toBe('');
  expect(errors).toEqual([new Error('from the listener')]);
  expect(engine.verify()).toEqual([]);
  expect(await (await connect()).ask('get a\r\n')).toBe('END\r\n');
});

it('ends the connection that it happened on, and no other gets its replies', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    uncaught: ['from the listener'],
    first: '',
    second: 'END\r\n',
    problems: [],
  });
});
