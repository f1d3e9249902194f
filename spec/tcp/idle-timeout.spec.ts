/** Connections that send nothing for longer than idleTimeoutMs are closed; time comes from the clock given. */

import { expect, it } from 'vitest';
import { serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('closes a connection that is idle for longer than the timeout, and not one millisecond before', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 5000 });
  const client = await connect();
  await client.ask('version\r\n');
  clock.advance(5000);
  transport.upkeep();
  expect(await client.ask('version\r\n')).toMatch(/^VERSION /);
  clock.advance(5001);
  transport.upkeep();
  expect(await client.rest()).toBe('');
  expect(transport.idleKicks).toBe(1);
  await eventually(() => transport.currentConnections === 0, 'the connection is gone');
});

it('closes the idle one only', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 5000 });
  const [idle, busy] = [await connect(), await connect()];
  await idle.ask('version\r\n');
  await busy.ask('version\r\n');
  clock.advance(3000);
  await busy.ask('version\r\n');
  clock.advance(3000);
  transport.upkeep();
  expect(await idle.rest()).toBe('');
  expect(await busy.stats()).toMatchObject({ idle_kicks: '1', curr_connections: '1' });
});

it('closes one that has never sent anything, and frees its place', async () => {
  const { clock, connect, transport } = await serve({ idleTimeoutMs: 1000, maxConnections: 1 });
  const silent = await connect();
  await eventually(() => transport.currentConnections === 1, 'the connection is accepted');
  clock.advance(1001);
  transport.upkeep();
  expect(await silent.rest()).toBe('');
  await eventually(() => transport.currentConnections === 0, 'the place is free');
  expect(await (await connect()).ask('version\r\n')).toMatch(/^VERSION /);
});

it('closes one that stopped in the middle of its data when its request has taken too long, and stores nothing', async () => {
  const { clock, connect, engine, transport } = await serve({ idleTimeoutMs: 1000, requestTimeoutMs: 9000 });
  const stuck = await connect();
  stuck.send('set a 0 0 10\r\nhalf');
  await eventually(() => transport.bytesRead > 0, 'the half arrives');
  clock.advance(9000);
  transport.upkeep();
  expect(transport.currentConnections).toBe(1);
  clock.advance(1);
  transport.upkeep();
  expect(await stuck.rest()).toBe('');
  expect(engine.has('a')).toBe(false);
  expect(transport.idleKicks).toBe(1);
});

it('never closes without a timeout, and then has no idle_kicks in stats', async () => {
  const { clock, connect, transport } = await serve();
  const client = await connect();
  await client.ask('version\r\n');
  clock.advance(1e12);
  transport.upkeep();
  expect(await client.stats()).not.toHaveProperty('idle_kicks');
});

it('shows how long each connection has been idle in stats conns', async () => {
  const { clock, connect } = await serve();
  const [idle, asking] = [await connect(), await connect()];
  await idle.ask('version\r\n');
  clock.advance(7900);
  const conns = await asking.stats('conns');
  expect(conns['2:secs_since_last_cmd']).toBe('7');
});
