/** Under a service manager: ready, status, watchdog and stopping arrive at NOTIFY_SOCKET. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PYTHON, systemdNotifyTool } from '../support/external-tool.js';
import { folder, start } from './command.js';

/** A service manager as far as its socket goes. Node cannot open one of its kind. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(receiver.recv(4096).decode().strip().replace('\\n', ' '), flush=True)
`;

const tool = systemdNotifyTool();

describe.skipIf(tool.missing)(`NOTIFY_SOCKET${tool.hint}`, () => {
  it('hears of the start, of life every half period, of the drain and of the end', async () => {
    const path = join(folder(), 'notify');
    const receiver = spawn(PYTHON, ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void receiver.kill('SIGKILL'));
    let text = '';
    receiver.stdout.setEncoding('utf8').on('data', (data: string) => {
      text += data;
    });
    const heard = (line: string): Promise<void> =>
      expect.poll(() => text.split('\n'), { timeout: 20_000 }).toContain(line);
    await heard('bound');
    const command = start(['--drain-seconds', '3600'], { NOTIFY_SOCKET: path, WATCHDOG_USEC: '500000' });
    await heard('READY=1 STATUS=serving');
    await heard('WATCHDOG=1');
    command.signal('SIGTERM');
    await heard('STATUS=draining for 3600 seconds');
    command.signal('SIGTERM');
    await heard('STOPPING=1 STATUS=stopping');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    const lines = text.split('\n').filter((line) => /READY|STOPPING|draining/.test(line));
    expect(lines).toHaveLength(3);
  });
});

it('the end is sent at once, however slow the message before it', async () => {
  const bin = folder();
  // Each message takes a second, and then is a line of the file.
  const sent = join(bin, 'sent');
  writeFileSync(
    join(bin, 'systemd-notify'),
    `#!/bin/sh\n[ "$1" = STOPPING=1 ] || /bin/sleep 1\necho "$*" >>${sent}\n`,
    { mode: 0o755 },
  );
  const command = start([], { NOTIFY_SOCKET: '/nonexistent', WATCHDOG_USEC: '20000', PATH: bin });
  await command.port();
  command.signal('SIGTERM');
  expect(await command.ended).toEqual({ code: 0, signal: null });
  await expect
    .poll(() => (existsSync(sent) ? readFileSync(sent, 'utf8') : ''))
    .toContain('STOPPING=1 STATUS=stopping\n');
});

it('a missing systemd-notify is a line in the log, once', async () => {
  const command = start([], { NOTIFY_SOCKET: '/nonexistent', WATCHDOG_USEC: '20000', PATH: '/nonexistent' });
  await command.port();
  await expect.poll(() => command.stderr).toContain('systemd-notify cannot be run');
  command.signal('SIGTERM');
  expect(await command.ended).toEqual({ code: 0, signal: null });
  expect(command.stderr.split('cannot be run')).toHaveLength(2);
});
