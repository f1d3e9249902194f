/** The flags that forbid, and those that ask for more: what clients see of them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificate } from '../support/certificates.js';
import { folder, start, talk } from './command.js';

const SET = 'set foo:1 0 0 1\r\nx\r\n';
const BINARY_VERSION = `\x80\x0b${'\0'.repeat(22)}`;
const BINARY_QUIT = `\x80\x07${'\0'.repeat(22)}`;

/** How an answer of the binary protocol begins: no key, no extras, no data type. */
function answer(opcode: number, status: number): string {
  return String.fromCharCode(0x81, opcode, 0, 0, 0, 0, 0, status);
}

/** A binary SASL PLAIN request. */
function saslPlain(user: string, password: string): string {
  const value = `\0${user}\0${password}`;
  return `\x80\x21\0\x05\0\0\0\0\0\0\0${String.fromCharCode(5 + value.length)}${'\0'.repeat(12)}PLAIN${value}`;
}

describe('what is forbidden', () => {
  it.each<[flags: string, sent: string, reply: RegExp]>([
    ['-F', `${SET}flush_all\r\nget foo:1\r\n`, /^STORED\r\nCLIENT_ERROR flush_all not allowed\r\nVALUE /],
    ['-X', 'lru_crawler metadump all\r\n', /^ERROR metadump not allowed\r\n$/],
    ['-X', 'stats cachedump 1 1\r\n', /^CLIENT_ERROR stats cachedump not allowed\r\n$/],
    ['-W', 'watch\r\n', /^CLIENT_ERROR watch commands not allowed\r\n$/],
    [
      '-C',
      `${SET}gets foo:1\r\ncas foo:1 0 0 1 1\r\ny\r\n`,
      /^STORED\r\nVALUE foo:1 0 1 0\r\nx\r\nEND\r\nEXISTS\r\n$/,
    ],
    ['-B ascii', 'version\r\n', /^VERSION /],
    ['-D : -M', `${SET}stats detail dump\r\n`, /^STORED\r\nPREFIX foo get 0 hit 0 set 1 del 0\r\nEND\r\n$/],
    ['-o track_sizes', `${SET}stats sizes\r\n`, /^STORED\r\nSTAT 96 1\r\nEND\r\n$/],
    ['-b 7 -R 9 -B auto', 'stats settings\r\n', /STAT reqs_per_event 9\r\n/],
  ])('%s, of %j', async (flags, sent, reply) => {
    const command = start(flags.split(' '));
    expect(await talk(await command.port(), `${sent}quit\r\n`)).toMatch(reply);
  });

  it('-B ascii takes binary requests for text, -B binary ends text connections', async () => {
    expect(await talk(await start(['-B', 'ascii']).port(), `${BINARY_VERSION}\r\nquit\r\n`)).toBe(
      'ERROR\r\n',
    );
    const port = await start(['-B', 'binary']).port();
    expect(await talk(port, 'version\r\n'.repeat(3))).toBe('');
    expect(await talk(port, BINARY_VERSION + BINARY_QUIT)).toContain(answer(0x0b, 0));
  });

  it('-Y requires SASL in the binary protocol, with -S or without', async () => {
    const users = join(folder(), 'users');
    writeFileSync(users, 'ann:se cret\n');
    for (const flags of [
      ['-Y', users],
      ['-S', '-Y', users, '-B', 'binary'],
    ]) {
      const port = await start(flags).port();
      const inside = await talk(port, saslPlain('ann', 'se cret') + BINARY_VERSION + BINARY_QUIT);
      expect(inside).toContain(answer(0x21, 0));
      expect(inside).toContain(answer(0x0b, 0));
      expect(await talk(port, saslPlain('ann', 'secret') + BINARY_QUIT)).toContain(answer(0x21, 0x20));
    }
  });
});

it('refresh_certs reads certificates again, and says no where there are none', async () => {
  expect(await talk(await start().port(), 'refresh_certs\r\nquit\r\n')).toBe('Error TLS not enabled\r\n');
  const path = folder();
  const { cert, key } = certificate('server');
  const file = join(path, 'both.pem');
  writeFileSync(file, cert + key);
  const command = start(['-v', '-Z', '-o', `ssl_chain_cert=${file}`, '-l', 'notls:127.0.0.1']);
  const port = await command.port();
  expect(await talk(port, 'refresh_certs\r\nquit\r\n')).toBe('OK\r\n');
  await expect.poll(() => command.stderr).toMatch(/^\S+ hotset: users and certificates were read again\n$/);
});
