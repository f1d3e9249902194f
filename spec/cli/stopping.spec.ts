/** How the command ends: by signals, by the shutdown command, and with its parent. */

import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { start, talk } from './command.js';

/** A connection in the middle of a set. */
async function halfSent(port: number): Promise<{ finish(): Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let reply = '';
  const ended = new Promise<string>((resolve, reject) => {
    socket.on('data', (data: string) => {
      reply += data;
    });
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
  });
  socket.write('version\r\nset a 0 0 10\r\nhalf-');
  // The server has read the line when it has answered what stands before it.
  await new Promise((resolve) => socket.once('data', resolve));
  return {
    finish: () => {
      socket.write('whole\r\n');
      return ended;
    },
  };
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('lets a request under way finish, then the command exits with 0', async () => {
    const command = start();
    const client = await halfSent(await command.port());
    command.signal(signal);
    // A second one, as of an impatient user, changes nothing.
    command.signal(signal);
    expect(await client.finish()).toMatch(/^VERSION \S+\r\nSTORED\r\n$/);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe('');
  });

  it('ends idle connections, and the command exits with 0', async () => {
    const command = start();
    const idle = talk(await command.port(), 'version\r\n');
    await talk(await command.port(), 'version\r\nquit\r\n');
    command.signal(signal);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(await idle).toMatch(/^VERSION \S+\r\n$/);
  });
});

describe('shutdown', () => {
  it.each(['shutdown', 'shutdown graceful'])(
    '%s with -A ends the command with 0, after what stands before it',
    async (line) => {
      const command = start(['-A']);
      const reply = await talk(await command.port(), `set a 0 0 1\r\nx\r\nget a\r\n${line}\r\n`);
      expect(reply).toBe('STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n');
      expect(await command.ended).toEqual({ code: 0, signal: null });
    },
  );

  it('is refused without -A', async () => {
    const port = await start().port();
    expect(await talk(port, 'shutdown\r\nversion\r\nquit\r\n')).toMatch(
      /^SERVER_ERROR: shutdown not enabled\r\nVERSION \S+\r\n$/,
    );
  });
});
