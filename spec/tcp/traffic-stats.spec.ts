/** What stats says of connections and traffic is what happened. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('bytes_read and bytes_written count every byte, over all connections', async () => {
  const { connect, transport } = await serve();
  const [first, second] = [await connect(), await connect()];
  let sent = 0;
  const talk = async (client: typeof first, text: string, end: RegExp): Promise<void> => {
    sent += text.length;
    await client.ask(text, end);
  };
  await talk(first, 'set a 0 0 5\r\nhello\r\n', /STORED\r\n/);
  await talk(second, 'get a a missing\r\n', /END\r\n/);
  await talk(second, 'set b 0 0 10 noreply\r\n0123456789\r\nversion\r\n', /VERSION .*\r\n/);
  const received = first.received + second.received;
  const stats = await first.stats();
  expect(stats).toMatchObject({
    bytes_read: String(sent + 'stats\r\n'.length),
    bytes_written: String(received),
    curr_connections: '2',
    total_connections: '2',
  });
  expect(transport.bytesWritten).toBe(first.received + second.received);
  await first.ask('stats reset\r\n');
  expect(await second.stats()).toMatchObject({
    bytes_read: '7',
    bytes_written: '7',
    curr_connections: '2',
    total_connections: '0',
  });
});

it('large values are counted when they are handed to the socket', async () => {
  const { connect, transport } = await serve();
  const client = await connect();
  const value = 'v'.repeat(300_000);
  await client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
  await client.ask('get k\r\n', /END\r\n/);
  expect(transport.bytesWritten).toBe(client.received);
});

it('curr_connections falls when connections go, and stats conns lists those that are there', async () => {
  const { address, connect, transport } = await serve();
  const { port } = address as { port: number };
  const [first, second, third] = [await connect(), await connect(), await connect()];
  for (const client of [first, second, third]) await client.ask('version\r\n');
  third.send('set a 0 0 10\r\nhalf');
  await second.close();
  await eventually(() => transport.currentConnections === 2, 'the second is gone');
  await eventually(
    () => [...transport.connections()].some(({ state }) => state === 'conn_nread'),
    'data arrives',
  );
  const conns = await first.stats('conns');
  expect(conns).toEqual({
    '1:addr': `tcp:127.0.0.1:${port}`,
    '1:state': 'conn_listening',
    '1:secs_since_last_cmd': '0',
    '2:addr': `tcp:127.0.0.1:${first.socket.localPort}`,
    '2:listen_addr': `tcp:127.0.0.1:${port}`,
    '2:state': expect.stringMatching(/^conn_/),
    '2:secs_since_last_cmd': '0',
    '4:addr': `tcp:127.0.0.1:${third.socket.localPort}`,
    '4:listen_addr': `tcp:127.0.0.1:${port}`,
    '4:state': 'conn_nread',
    '4:secs_since_last_cmd': '0',
  });
  // The lowest free number goes to the next.
  await (await connect()).ask('version\r\n');
  expect(await first.stats('conns')).toHaveProperty('3:addr');
});

it('a Unix socket shows its path and mode', async () => {
  const path = join(folder(), 'socket');
  const { connect } = await serve({ path, mode: 0o660 });
  const client = await connect();
  expect(await client.stats('conns')).toMatchObject({
    '1:addr': `unix:${path}`,
    '2:addr': `unix:${path}`,
    '2:listen_addr': `unix:${path}`,
  });
  expect(await client.stats('settings')).toMatchObject({ domain_socket: path, umask: '660', tcpport: '0' });
});
