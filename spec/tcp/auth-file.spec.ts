/** A server with an auth file: what it refuses at once, and what reload does. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { folder, type Served, serve } from './fixture.js';
import type { WireClient } from './wire-client.js';

interface Guarded extends Served {
  readonly authFile: string;
  readonly lines: string[];
}

async function serveTo(users: string): Promise<Guarded> {
  const authFile = join(folder(), 'users');
  writeFileSync(authFile, users);
  const lines: string[] = [];
  const served = await serve({ authFile, verbosity: 1, log: (line) => lines.push(line) });
  return { ...served, authFile, lines };
}

async function authenticate(client: WireClient, name: string, password: string): Promise<string> {
  const token = `${name} ${password}`;
  return await client.ask(`set x 0 0 ${token.length}\r\n${token}\r\n`);
}

describe('an auth file that cannot be used', () => {
  it.each([
    ['that is not there', null, /cannot be used: ENOENT/],
    ['without users', '', /cannot be used: it has no users$/],
    ['with a line that is none', 'ann\n', /cannot be used: line 1 is not of the form user:password$/],
  ])('%s is refused by name', (_what, content, why) => {
    const authFile = join(folder(), 'users');
    if (content !== null) writeFileSync(authFile, content);
    expect(() => createTcpServer(new CacheEngine<string, unknown>(), { authFile })).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_AUTH_FILE',
        message: expect.stringMatching(new RegExp(`^${authFile} ${why.source}`)),
      }),
    );
  });
});

describe('a server with users', () => {
  it('serves only clients that have authenticated', async () => {
    const { connect, transport } = await serveTo('ann:secret\n');
    expect(transport.settings.authenticates).toBe(true);
    const client = await connect();
    expect(await client.ask('get a\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n');
    expect(await authenticate(client, 'ann', 'wrong')).toBe('CLIENT_ERROR authentication failure\r\n');
    expect(await authenticate(client, 'ann', 'secret')).toBe('STORED\r\n');
    expect(await client.ask('get a\r\n')).toBe('END\r\n');
  });

  it('takes new users on reload, and leaves connections as they are', async () => {
    const { authFile, connect, lines, server } = await serveTo('ann:old\n');
    const [inside, waiting] = [await connect(), await connect()];
    expect(await authenticate(inside, 'ann', 'old')).toBe('STORED\r\n');
    writeFileSync(authFile, 'ann:new\n');
    server.reload();
    expect(await inside.ask('version\r\n')).toMatch(/^VERSION /);
    expect(await authenticate(waiting, 'ann', 'old')).toBe('CLIENT_ERROR authentication failure\r\n');
    expect(await authenticate(waiting, 'ann', 'new')).toBe('STORED\r\n');
    expect(lines).toContain('users and certificates were read again');
  });

  it('keeps the old users when the new file makes no sense, and says why', async () => {
    const { authFile, connect, lines, server } = await serveTo('ann:old\n');
    writeFileSync(authFile, 'rubbish');
    expect(() => server.reload()).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_AUTH_FILE' }));
    expect(lines).toEqual([
      `${authFile} cannot be used: line 1 is not of the form user:password; what was read before stays in force`,
    ]);
    expect(await authenticate(await connect(), 'ann', 'old')).toBe('STORED\r\n');
  });
});
