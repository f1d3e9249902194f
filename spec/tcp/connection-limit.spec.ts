/** One connection too many is told so and closed; the others do not notice. */

import { expect, it } from 'vitest';
import { serve } from './fixture.js';
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
