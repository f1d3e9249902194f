/** An endpoint counts like any other transport: what `stats` says of connections and traffic is what happened. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { connectTo as connectTcp, folder } from '../tcp/fixture.js';
import { eventually } from '../tcp/wire-client.js';
import { closeAfterTest, serve } from './fixture.js';
import { FrameClient } from './frame-client.js';

it('bytes_read and bytes_written count every byte', async () => {
  const { connect, transport } = await serve();
  const [first, second] = [await connect(), await connect('hotset.v1')];
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const set = 'set a 0 0 5\r\nhello\r\n';
  await first.ask(set);
  second.sendText(ping);
  await second.message();
  const received = first.received + second.received;
  expect(await first.stats()).toMatchObject({
    bytes_read: String(set.length + ping.length + 'stats\r\n'.length),
    bytes_written: String(received),
    curr_connections: '2',
    total_connections: '2',
  });
  expect(transport.bytesWritten).toBe(first.received + second.received);
  await first.ask('stats reset\r\n');
  expect(await first.stats()).toMatchObject({
    bytes_read: '7',
    bytes_written: String('RESET\r\n'.length),
    curr_connections: '2',
    total_connections: '0',
  });
});

it('adds to the TCP server’s figures but for its limit, and has numbers of its own among its connections', async () => {
  const { connect, endpoint, engine, port, transport } = await serve({ maxConnections: 5 });
  const server = createTcpServer(engine, { port: 0, maxConnections: 7 });
  const tcp = await connectTcp(await server.listen());
  const client = await connect();
  await client.ask('mn\r\n');
  expect(await tcp.stats()).toMatchObject({
    max_connections: '7',
    curr_connections: '2',
    total_connections: '2',
  });
  const conns = await tcp.stats('conns');
  // Two listeners and two clients, none under the number of another.
  expect(Object.keys(conns).filter((name) => name.endsWith(':addr'))).toEqual([
    '1:addr',
    '4:addr',
    '2:addr',
    '3:addr',
  ]);
  expect(conns).toMatchObject({
    '1:addr': `tcp:127.0.0.1:${port}`,
    '1:state': 'conn_listening',
    '4:listen_addr': `tcp:127.0.0.1:${port}`,
    '4:state': 'conn_read',
    '4:secs_since_last_cmd': '0',
    '2:state': 'conn_listening',
  });
  expect(conns['4:addr']).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
  expect(await tcp.stats('settings')).toMatchObject({ maxconns: '7', domain_socket: 'NULL' });
  await client.leave();
  await eventually(() => transport.currentConnections === 0, 'it is gone');
  expect(await tcp.stats()).toMatchObject({ curr_connections: '1' });
  await endpoint.close();
  expect(await tcp.stats()).toMatchObject({ max_connections: '7', total_connections: '1' });
  await server.close();
});

it('settings of the memcached port are not taken from an endpoint', async () => {
  const { connect } = await serve();
  const settings = await (await connect()).stats('settings');
  expect(settings).toMatchObject({ tcpport: '0', inter: 'NULL', binding_protocol: 'auto-negotiate' });
});

it('seconds since the last command are the client’s own, and the age of a listener', async () => {
  const { clock, connect } = await serve();
  const [idle, client] = [await connect(), await connect()];
  await idle.ask('mn\r\n');
  clock.advance(7000);
  await client.ask('mn\r\n');
  const conns = await client.stats('conns');
  expect(
    Object.entries(conns)
      .filter(([name]) => name.endsWith('cmd'))
      .map(([, value]) => value),
  ).toEqual(['7', '7', '0']);
});

it('an endpoint on a server that is shared counts from the start', async () => {
  const engine = new CacheEngine<string, unknown>();
  const tcp = createTcpServer(engine, { port: 0, maxConnections: 1 });
  const client = await connectTcp(await tcp.listen());
  const endpoint = attachWebSocket(engine, { server: createServer(), maxConnections: 2 });
  expect(await client.stats()).toMatchObject({ max_connections: '1' });
  await endpoint.close();
  expect(await client.stats()).toMatchObject({ max_connections: '1' });
  await tcp.close();
});

it('a connection over a Unix socket is shown as one', async () => {
  const server = createServer();
  const path = join(folder(), 'socket');
  server.listen(path);
  await once(server, 'listening');
  const endpoint = closeAfterTest(
    attachWebSocket(new CacheEngine<string, unknown>(), { server, path: '/cache' }),
  );
  const client = new FrameClient(
    new WebSocket(`ws+unix:${path}:/cache`, 'memcached', { headers: { Host: 'localhost' } }),
  );
  await client.opened;
  expect(await client.stats('conns')).toMatchObject({ '1:addr': 'unix:', '1:listen_addr': 'unix:' });
  await endpoint.close();
  server.close();
});

it('the log reports connections as with TCP', async () => {
  const lines: string[] = [];
  const { connect, transport } = await serve({ verbosity: 2, log: (line) => lines.push(line) });
  const watcher = await connect();
  await watcher.ask('watch connevents\r\n');
  const client = await connect();
  await client.ask('mn\r\n');
  await client.leave();
  await watcher.until(() => Buffer.concat(watcher.messages).includes('conn_close'), 'line');
  const told = Buffer.concat(watcher.messages).toString();
  expect(told).toMatch(/type=conn_new rip=127\.0\.0\.1 rport=\d+ transport=tcp cfd=3\n/);
  expect(told).toMatch(/type=conn_close rip=127\.0\.0\.1 rport=\d+ transport=tcp reason=normal cfd=3\n/);
  expect(lines).toEqual([
    'connection 2 opened',
    '<2 watch connevents',
    'connection 3 opened',
    '<3 mn',
    'connection 3 closed',
  ]);
  expect(transport.currentConnections).toBe(1);
});
