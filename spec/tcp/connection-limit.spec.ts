/** One connection too many is told so and closed; the others do not notice. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { connectTo, serve } from './fixture.js';
import { eventually } from './wire-client.js';

const REFUSAL = 'ERROR Too many open connections\r\n';

it('refuses a connection over maxConnections with one line, counts it, and serves the others', async () => {
  const { connect, transport } = await serve({ maxConnections: 2 });
  const [first, second] = [await connect(), await connect()];
  await first.ask('version\r\n');
  await second.ask('version\r\n');

  const third = await connect();
  expect(await third.rest()).toBe(REFUSAL);
  expect(transport.rejectedConnections).toBe(1);
  expect(await first.stats()).toMatchObject({
    max_connections: '2',
    curr_connections: '2',
    total_connections: '2',
    rejected_connections: '1',
  });
  expect(await second.ask('version\r\n')).toMatch(/^VERSION /);
});

it('answers one that has already sent a request, too', async () => {
  const { connect, transport } = await serve({ maxConnections: 1 });
  await (await connect()).ask('version\r\n');
  for (let i = 0; i < 20; i++) {
    const client = await connect();
    client.send('set a 0 0 1\r\nx\r\n');
    expect(await client.rest()).toBe(REFUSAL);
  }
  expect(transport.rejectedConnections).toBe(20);
});

it('gives a place that became free to the next', async () => {
  const { connect, transport } = await serve({ maxConnections: 1 });
  for (let round = 0; round < 3; round++) {
    const client = await connect();
    expect(await client.ask('version\r\n')).toMatch(/^VERSION /);
    expect(await (await connect()).rest()).toBe(REFUSAL);
    if (round === 1) client.finish('quit\r\n');
    else await client.close();
    await eventually(() => transport.currentConnections === 0, 'the place becomes free');
  }
  expect(transport.totalConnections).toBe(3);
  expect(transport.rejectedConnections).toBe(3);
});

it('refuses with an error all connections without a file, and counts them', async () => {
  const script = `
    import { createMemcachedEngine } from 'hotset/memcached';
    import { createTcpServer } from 'hotset/tcp';
    const server = createTcpServer(createMemcachedEngine(), { port: 0, maxConnections: 1000, openFilesLimit: 100 });
    console.log((await server.listen()).port);
  `;
  const args = ['-c', 'ulimit -n 100 && exec "$0" --input-type=module -e "$1"', process.execPath, script];
  const child = spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line);
    const clients = await Promise.all(Array.from({ length: 150 }, () => connectTo({ port })));
    for (const client of clients) client.send('version\r\n');
    const answers = await Promise.all(clients.map(async (client) => await client.line()));
    const served = clients.filter((_, i) => answers[i]!.startsWith('VERSION '));
    expect(served.length).toBe(68);
    expect(new Set(answers).size).toBe(2);
    expect(answers.filter((answer) => answer === 'ERROR Too many open connections\r\n').length).toBe(82);
    expect(await served[0]!.stats()).toMatchObject({ rejected_connections: '82', max_connections: '68' });
  } finally {
    child.kill();
  }
});
