/** Readiness, and draining: balancers hear of the end first, clients are served until it comes, a new node can copy the items. */

import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../http/fixture.js';
import { WireClient } from '../tcp/wire-client.js';
import { type Command, run, start, talk } from './command.js';

const LONG = ['--drain-seconds', '3600'];

async function webPort(command: Command): Promise<number> {
  await command.greeting();
  while (!command.stdout.includes('live view')) await new Promise((resolve) => setTimeout(resolve, 5));
  return Number(/live view: http:\/\/127\.0\.0\.1:(\d+)/.exec(command.stdout)![1]);
}

async function readiness(port: number): Promise<string> {
  const { status, body } = await ask(port, '/readyz');
  return `${status} ${body}`;
}

async function isLogged(command: Command, text: string): Promise<void> {
  while (!command.stderr.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
}

it.each(['SIGTERM', 'SIGUSR1'] as const)(
  '%s: not ready, and all are served until a second one comes',
  async (signal) => {
    const command = start([...LONG, '--http', '-1']);
    const port = await command.port();
    const web = await webPort(command);
    const open = await WireClient.open({ port });
    onTestFinished(() => void open.socket.destroy());
    expect(await open.ask('set a 0 0 1\r\nx\r\n', /STORED\r\n/)).toBe('STORED\r\n');
    expect(await readiness(web)).toBe('200 ready\n');

    command.signal(signal);
    await isLogged(command, 'draining for 3600 seconds');
    expect(await readiness(web)).toBe('503 draining\n');
    // It is alive: a node that drains must not be restarted.
    expect((await ask(web, '/healthz')).status).toBe(200);
    expect(await open.ask('get a\r\n', /END\r\n/)).toContain('VALUE a 0 1');
    expect(await talk(port, 'get a\r\nquit\r\n')).toContain('VALUE a 0 1');
    // Handed over: a new node copies the items.
    const next = start(['--warm-from', `127.0.0.1:${port}`]);
    await isLogged(next, 'warmed from');
    expect(await talk(await next.port(), 'get a\r\nquit\r\n')).toContain('VALUE a 0 1');

    // A request under way is finished; who comes now is refused.
    // The server has read the line when it has answered what stands before it.
    await open.ask('version\r\nset b 0 0 10\r\nhalf-', /VERSION .*\r\n/);
    command.signal(signal);
    await expect
      .poll(() =>
        talk(port, 'version\r\n').then(
          () => 'served',
          () => 'refused',
        ),
      )
      .toBe('refused');
    open.send('whole\r\n');
    expect(await open.line()).toBe('STORED\r\n');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  },
);

it('ends by itself when the time is over', async () => {
  const command = start(['--drain-seconds', '1']);
  await command.port();
  command.signal('SIGTERM');
  expect(await command.ended).toEqual({ code: 0, signal: null });
});

it('shutdown graceful drains; SIGINT and shutdown end at once', async () => {
  const command = start([...LONG, '-A']);
  const port = await command.port();
  await talk(port, 'shutdown graceful\r\nquit\r\n');
  await isLogged(command, 'draining for 3600 seconds');
  await talk(port, 'shutdown\r\n');
  expect(await command.ended).toEqual({ code: 0, signal: null });
  const other = start(LONG);
  await other.port();
  other.signal('SIGINT');
  expect(await other.ended).toEqual({ code: 0, signal: null });
});

it('/readyz says warming until the items are there, or is ready at once', async () => {
  // A peer that says nothing.
  const peer = createServer(() => {});
  onTestFinished(() => void peer.close());
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  const from = `127.0.0.1:${(peer.address() as { port: number }).port}`;
  const waits = start(['--http', '-1', '--warm-from', from]);
  const ready = start(['--http', '-1', '--warm-from', from, '--warm-ready']);
  expect(await readiness(await webPort(waits))).toBe('503 warming\n');
  expect(await readiness(await webPort(ready))).toBe('200 ready\n');
  // It serves all the same.
  expect(await talk(await waits.port(), 'set a 0 0 1\r\nx\r\nquit\r\n')).toBe('STORED\r\n');
  waits.signal('SIGTERM');
  expect(await waits.ended).toEqual({ code: 0, signal: null });
});

it('a file of a user that cannot be used is a line and exit code 1', async () => {
  const { code, stderr } = await run(['-p', '-1', '--warm-from', 'a', '--warm-user-file', '/nonexistent']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^hotset: --warm-user-file \/nonexistent cannot be read: .*\n$/);
});
