/** What a server says to `log`, and at which verbosity. */

import { expect, it } from 'vitest';
import { serve } from './fixture.js';
import { eventually } from './wire-client.js';

it('events are logged at the verbosity asked for', async () => {
  const lines: string[] = [];
  const { connect, server } = await serve({
    maxConnections: 1,
    verbosity: 2,
    log: (line) => lines.push(line),
  });
  const client = await connect();
  await client.ask('version\r\n');
  await (await connect()).rest();
  await client.close();
  await eventually(() => server.currentConnections === 0, 'the connection is gone');
  expect(lines).toEqual([
    'connection 2 opened',
    '<2 version',
    'a connection was refused: 1 are open',
    'connection 2 closed',
  ]);
  const silent = await connect();
  await silent.ask('verbosity 0\r\n');
  const before = lines.length;
  await (await connect()).rest();
  expect(lines.length).toBe(before);
});
