/** -Z, -Y, -u and SIGHUP: who is let in, and whose rights the server has. */

import { chmodSync, chownSync, cpSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { identityIn } from '../../lib/cli/identity.js';
import { certificate } from '../support/certificates.js';
import { PROJECT_DIR } from '../support/project.js';
import { Command, folder, run, start, talk } from './command.js';

const isRoot = process.getuid?.() === 0;
const nobody = identityIn(readFileSync('/etc/passwd', 'utf8'), 'nobody');

/** What a TLS server says, and the name in its certificate. */
async function talkTls(
  port: number,
  text: string,
  options: ConnectionOptions,
): Promise<{ reply: string; name: string }> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
    let reply = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      reply += data;
    });
    socket.on('secureConnect', () => socket.write(text));
    const name = (): string => String(socket.getPeerCertificate().subject?.CN);
    socket.on('end', () => resolve({ reply, name: name() }));
    socket.on('error', reject);
  });
}

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly users: string;
}

function put(content: { cert: string; key: string }, path: string = folder()): Files {
  const files = { cert: join(path, 'cert.pem'), key: join(path, 'key.pem'), users: join(path, 'users') };
  writeFileSync(files.cert, content.cert);
  writeFileSync(files.key, content.key);
  return files;
}

describe('-Z', () => {
  const server = certificate('server');

  it('serves over TLS, without it where notls: stands, and says so in stats', async () => {
    const { cert, key } = put(server);
    const command = start([
      '-Z',
      '-o',
      `ssl_chain_cert=${cert},ssl_key=${key},ssl_min_version=3`,
      '-l',
      '127.0.0.1,notls:127.0.0.1:-1',
    ]);
    const [secure, plain] = Array.from((await command.greeting()).matchAll(/127\.0\.0\.1:(\d+)/g), (match) =>
      Number(match[1]),
    );
    const inside = await talkTls(secure!, 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n', { ca: server.cert });
    expect(inside).toEqual({ reply: 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n', name: 'server' });
    expect(await talk(plain!, 'get a\r\nquit\r\n')).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
    const settings = await talk(plain!, 'stats settings\r\nquit\r\n');
    for (const line of [
      'ssl_enabled yes',
      `ssl_chain_cert ${cert}`,
      `ssl_key ${key}`,
      'ssl_min_version tlsv1.3',
    ])
      expect(settings).toContain(`STAT ${line}\r\n`);
  });

  it('greets with a command that works', async () => {
    const { cert, key } = put(server);
    const command = start(['-Z', '-o', `ssl_chain_cert=${cert},ssl_key=${key}`]);
    expect(await command.greeting()).toMatch(/ \| openssl s_client -quiet -connect 127\.0\.0\.1:\d+\n$/);
  });

  it('SIGHUP takes a new certificate, and keeps the old one when the new is no good', async () => {
    const files = put(server);
    const command = start(['-v', '-Z', '-o', `ssl_chain_cert=${files.cert},ssl_key=${files.key}`]);
    const port = await command.port();
    const name = async (ca: string): Promise<string> => (await talkTls(port, 'quit\r\n', { ca })).name;
    expect(await name(server.cert)).toBe('server');
    const renewed = certificate('renewed');
    writeFileSync(files.cert, renewed.cert);
    writeFileSync(files.key, renewed.key);
    command.signal('SIGHUP');
    await expect.poll(() => command.stderr).toMatch(/^\S+ hotset: users and certificates were read again\n$/);
    expect(await name(renewed.cert)).toBe('renewed');
    writeFileSync(files.cert, 'rubbish');
    command.signal('SIGHUP');
    await expect
      .poll(() => command.stderr)
      .toMatch(/\n\S+ hotset: \S+cert\.pem does not begin with a certificate .*\n$/);
    expect(await name(renewed.cert)).toBe('renewed');
  });

  it.each([
    ['that is not there', () => '/nonexistent/cert', /^hotset: \/nonexistent\/cert cannot be read: .*\n$/],
    [
      'that is none',
      () => put({ cert: 'x', key: 'y' }).cert,
      /^hotset: \S+cert\.pem does not begin with .*\n$/,
    ],
  ])('with a certificate %s says so in one line and ends with 1', async (_what, cert, message) => {
    const { code, stderr } = await run(['-p', '-1', '-Z', '-o', `ssl_chain_cert=${cert()}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describe('-Y', () => {
  const authenticate = (name: string, password: string): string => {
    const token = `${name} ${password}`;
    return `set x 0 0 ${token.length}\r\n${token}\r\n`;
  };

  it('lets in those who have authenticated; SIGHUP reads the users again', async () => {
    const users = join(folder(), 'users');
    writeFileSync(users, 'ann:old\n');
    const command = start(['-v', '-Y', users]);
    const port = await command.port();
    const failure = 'CLIENT_ERROR authentication failure\r\n';
    expect(
      await talk(port, `${authenticate('ann', 'new')}${authenticate('ann', 'old')}get a\r\nquit\r\n`),
    ).toBe(`${failure}STORED\r\nEND\r\n`);
    writeFileSync(users, 'ann:new\n');
    command.signal('SIGHUP');
    await expect.poll(() => command.stderr).toContain('hotset: users and certificates were read again\n');
    expect(await talk(port, `${authenticate('ann', 'old')}${authenticate('ann', 'new')}quit\r\n`)).toBe(
      `${failure}STORED\r\n`,
    );
    writeFileSync(users, 'rubbish\n');
    command.signal('SIGHUP');
    await expect
      .poll(() => command.stderr)
      .toContain('line 1 is not of the form user:password; what was read before');
    expect(await talk(port, `${authenticate('ann', 'new')}quit\r\n`)).toBe('STORED\r\n');
  });

  it.each([
    ['that is not there', () => '/nonexistent/users', /^hotset: \/nonexistent\/users cannot be used: .*\n$/],
    [
      'without users',
      () => {
        const users = join(folder(), 'users');
        writeFileSync(users, '\n');
        return users;
      },
      /^hotset: \S+users cannot be used: it has no users\n$/,
    ],
  ])('with a file %s says so in one line and ends with 1', async (_what, users, message) => {
    const { code, stderr } = await run(['-p', '-1', '-Y', users()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describe('-u', () => {
  it.runIf(isRoot)('of an unknown user says so in one line and ends with 1', async () => {
    expect(await run(['-p', '-1', '-u', 'no-such-user'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'hotset: -u no-such-user: there is no such user\n',
    });
  });

  it.runIf(isRoot && nobody !== null)('of root gives up its rights once it listens', async () => {
    const path = folder();
    chownSync(path, nobody!.uid, nobody!.gid);
    chmodSync(path, 0o700);
    const [socket, pidFile, items] = [join(path, 'socket'), join(path, 'pid'), join(path, 'items')];
    for (const user of ['nobody', String(nobody!.uid)]) {
      const command = new Command(['-p', '-1', '-s', socket, '-P', pidFile, '-e', items, '-u', user]);
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(await command.greeting())![1]);
      const status = readFileSync(`/proc/${command.child.pid}/status`, 'utf8');
      const { uid, gid } = nobody!;
      expect(status).toContain(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
      expect(status).toContain(`Gid:\t${gid}\t${gid}\t${gid}\t${gid}\n`);
      expect(/^Groups:\t(.*)$/m.exec(status)![1]!.split(' ').filter(Boolean)).not.toContain('0');
      expect(lstatSync(socket).uid).toBe(uid);
      expect(await talk(port, 'set a 0 0 1\r\nx\r\nquit\r\n')).toBe('STORED\r\n');
      expect(await talk(socket, 'get a\r\nquit\r\n')).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
      command.signal('SIGTERM');
      expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null });
      expect(lstatSync(items).uid).toBe(uid);
      expect(lstatSync(pidFile, { throwIfNoEntry: false })).toBeUndefined();
    }
  });

  it.runIf(isRoot && nobody !== null)(
    'may be of a user who is not let in where hotset is installed',
    async () => {
      const installed = folder();
      chmodSync(installed, 0o700);
      cpSync(join(PROJECT_DIR, 'dist'), join(installed, 'dist'), { recursive: true });
      cpSync(join(PROJECT_DIR, 'package.json'), join(installed, 'package.json'));
      symlinkSync(join(PROJECT_DIR, 'node_modules'), join(installed, 'node_modules'));
      const place = folder();
      chownSync(place, nobody!.uid, nobody!.gid);
      const flags = ['-p', '-1', '-u', 'nobody', '-e', join(place, 'items')];
      for (const reply of ['END', 'VALUE a 0 1']) {
        const command = new Command(flags, {}, join(installed, 'dist/cli/main.js'));
        const port = Number(/127\.0\.0\.1:(\d+)/.exec(await command.greeting())![1]);
        expect(await talk(port, 'get a\r\nset a 0 0 1\r\nx\r\nquit\r\n')).toMatch(
          new RegExp(`^${reply}\r\n`),
        );
        command.signal('SIGTERM');
        expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null });
      }
    },
  );

  it.runIf(isRoot && nobody !== null)('does not start when that user cannot write the -e file', async () => {
    const path = folder();
    chmodSync(path, 0o755);
    const { code, stderr } = await run(['-p', '-1', '-e', join(path, 'items'), '-u', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hotset: -e \S+ cannot be written: [^\n]*EACCES.*\n$/);
  });

  it.runIf(!isRoot)('of anybody but root is without effect', async () => {
    expect(await talk(await start(['-u', 'no-such-user']).port(), 'version\r\nquit\r\n')).toMatch(
      /^VERSION /,
    );
  });

  it('finds users by name and by number', () => {
    const passwd =
      'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001::/:/bin/sh\n\n+nis\nbad:x::\n7:x:8:9::/:\n';
    expect(identityIn(passwd, 'ann')).toEqual({ name: 'ann', uid: 1000, gid: 1001 });
    expect(identityIn(passwd, '1000')).toEqual({ name: 'ann', uid: 1000, gid: 1001 });
    expect(identityIn(passwd, '7')).toEqual({ name: '7', uid: 8, gid: 9 });
    for (const user of ['an', 'x', '1001', 'bad', '+nis', '']) expect(identityIn(passwd, user)).toBeNull();
  });
});
