/** -e: what survives a restart, and when it must not. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryFile } from '../../lib/cli/memory-file.js';
import { CacheEngine } from '../../lib/index.js';
import { PageStore } from '../../lib/pages/page-store.js';
import { saveSnapshot } from '../../lib/snapshot/index.js';
import { type Command, folder, run, start, talk } from './command.js';

const MIB = 1024 * 1024;

function file(): string {
  return join(folder(), 'items');
}

async function end(command: Command, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  command.signal(signal);
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null });
}

/** Starts, says `text` and ends in order; hands back the reply. */
async function visit(path: string, text: string, flags: readonly string[] = []): Promise<string> {
  const command = start(['-e', path, ...flags]);
  const reply = await talk(await command.port(), `${text}quit\r\n`);
  await end(command);
  expect(command.stderr).toBe('');
  return reply;
}

describe('a warm restart', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGUSR1'] as const)('brings items back after %s', async (signal) => {
    const path = file();
    const command = start(['-e', path]);
    await talk(await command.port(), 'set a 5 0 1\r\nx\r\nset b 0 1000 2\r\nyy\r\nquit\r\n');
    expect(existsSync(path)).toBe(false);
    await end(command, signal);
    expect(await visit(path, 'get a b\r\n')).toBe('VALUE a 5 1\r\nx\r\nVALUE b 0 2\r\nyy\r\nEND\r\n');
    expect(await visit(path, 'get a b\r\n')).toBe('VALUE a 5 1\r\nx\r\nVALUE b 0 2\r\nyy\r\nEND\r\n');
  });

  it.each(['shutdown', 'shutdown graceful'])('brings items back after %s', async (line) => {
    const path = file();
    const command = start(['-A', '-e', path]);
    await talk(await command.port(), `set a 0 0 1\r\nx\r\n${line}\r\n`);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(await visit(path, 'get a\r\n')).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
  });

  it('brings every byte back, of short values and long ones, under any key', async () => {
    const path = file();
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const values = [0, 1, 16, 17, 1024].map((times) => bytes.repeat(times));
    const keys = values.map((_, i) => `k${i}\xe9\xff\x01`);
    const sets = values.map((value, i) => `set ${keys[i]} ${i} 0 ${value.length}\r\n${value}\r\n`);
    const found = values.map((value, i) => `VALUE ${keys[i]} ${i} ${value.length}\r\n${value}\r\n`);
    await visit(path, sets.join(''));
    const reply = await visit(path, `get ${keys.join(' ')}\r\n`);
    expect(reply === `${found.join('')}END\r\n`).toBe(true);
  });

  it('keeps the order in which items are evicted', async () => {
    const path = file();
    const value = 'x'.repeat(600_000);
    const set = (key: string): string => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;
    await visit(path, `${set('a')}${set('b')}${set('c')}get a\r\n`, ['-m', '2']);
    const reply = await visit(path, `${set('d')}mn\r\nget b\r\nget c\r\n`, ['-m', '2']);
    expect(reply).toMatch(/END\r\nVALUE c /);
  });

  it('never lets a cas id from before match', async () => {
    const path = file();
    const before = await visit(path, 'set a 0 0 1\r\nx\r\ngets a\r\n');
    const old = BigInt(/VALUE a 0 1 (\d+)/.exec(before)![1]!);
    const after = await visit(path, `gets a\r\ncas a 0 0 1 ${old}\r\ny\r\n`);
    expect(after).toMatch(/END\r\nEXISTS\r\n$/);
    expect(BigInt(/VALUE a 0 1 (\d+)/.exec(after)![1]!)).toBeGreaterThan(old);
  });

  it('counts items against the new memory limit, the oldest going first', async () => {
    const path = file();
    const value = 'x'.repeat(900_000);
    const sets = Array.from({ length: 6 }, (_, i) => `set k${i} 0 0 ${value.length}\r\n${value}\r\n`);
    await visit(path, sets.join(''), ['-m', '8']);
    const reply = await visit(path, 'get k0\r\nget k5\r\nstats\r\n', ['-m', '4']);
    expect(reply).toMatch(/^END\r\nVALUE k5 /);
    expect(Number(/STAT bytes (\d+)/.exec(reply)![1])).toBeLessThanOrEqual(4 * MIB);
  });

  it('works without cas ids, and in the background', async () => {
    const path = file();
    await visit(path, 'set a 0 0 1\r\nx\r\n', ['-C']);
    expect(await visit(path, 'get a\r\n', ['-C'])).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
  });

  it('lets requests under way finish, and saves what they store', async () => {
    const path = file();
    const command = start(['-e', path]);
    const port = await command.port();
    const { connect } = await import('node:net');
    const socket = connect(port, '127.0.0.1');
    socket.write('version\r\nset a 0 0 10\r\nhalf-');
    await new Promise((resolve) => socket.once('data', resolve));
    command.signal('SIGTERM');
    socket.write('whole\r\n');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    socket.destroy();
    expect(await visit(path, 'get a\r\n')).toBe('VALUE a 0 10\r\nhalf-whole\r\nEND\r\n');
  });
});

describe('nothing comes back', () => {
  it('after a crash: what was saved before may have been deleted since', async () => {
    const path = file();
    await visit(path, 'set a 0 0 1\r\nx\r\n');
    const command = start(['-e', path]);
    await talk(await command.port(), 'delete a\r\nquit\r\n');
    await command.kill();
    expect(await visit(path, 'get a\r\n')).toBe('END\r\n');
  });

  it.each([
    [
      'a byte is wrong',
      (content: Buffer) => content.fill(content[60]! ^ 1, 60, 61),
      /is damaged at byte \d+/,
    ],
    ['it is cut short', (content: Buffer) => content.subarray(0, -10), /is damaged at byte \d+/],
    ['it is empty', () => Buffer.alloc(0), /items /],
    ['it is something else', () => Buffer.from('#!/bin/sh\n'.repeat(20)), /cannot be read from byte/],
  ])('from a file that is no good: %s. It is set aside, and the server starts', async (_what, spoil, why) => {
    const path = file();
    await visit(path, 'set a 0 0 100\r\n'.concat('x'.repeat(100), '\r\n'));
    const spoilt = Buffer.from(spoil(readFileSync(path)));
    writeFileSync(path, spoilt);
    const command = start(['-e', path]);
    expect(await talk(await command.port(), 'get a\r\nset b 0 0 1\r\ny\r\nquit\r\n')).toBe(
      'END\r\nSTORED\r\n',
    );
    expect(command.stderr).toMatch(
      /^\S+Z hotset: [^\n]*; it is now \S+items\.damaged, and the server starts empty\n$/,
    );
    expect(command.stderr).toMatch(why);
    expect(readFileSync(`${path}.damaged`).equals(spoilt)).toBe(true);
    await end(command);
    expect(await visit(path, 'get b\r\n')).toBe('VALUE b 0 1\r\ny\r\nEND\r\n');
  });

  it('and nothing is lost, when the server cannot start', async () => {
    const path = file();
    await visit(path, 'set a 0 0 1\r\nx\r\n');
    const holder = start();
    const { code } = await run(['-p', String(await holder.port()), '-e', path]);
    expect(code).toBe(1);
    expect(await visit(path, 'get a\r\n')).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
  });
});

describe('a file that can never be written', () => {
  it.each([
    ['in a folder that is not there', () => '/nonexistent/items'],
    [
      'that is a folder',
      () => {
        const path = file();
        mkdirSync(path);
        return path;
      },
    ],
  ])('%s keeps the server from starting, with the reason', async (_what, path) => {
    const { code, stdout, stderr } = await run(['-p', '-1', '-e', path()]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^hotset: -e \S+( cannot be written)?: [^\n]+\n$/);
  });
});

it('a snapshot of another kind of engine is refused', async () => {
  const path = file();
  const other = new CacheEngine<string, object>();
  other.set('a', { any: 'thing' });
  await saveSnapshot(other, path);
  const store = new PageStore({ maxBytes: MIB });
  const lines: string[] = [];
  const taken = await MemoryFile.take(path, () => {});
  await taken.restore(store, (line) => lines.push(line));
  await taken.release();
  expect(store.size).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/cannot be read .* and the server starts empty$/)]);
});

describe('a flush that has been put off', () => {
  it('strikes in the next process', async () => {
    const path = file();
    await visit(path, 'set a 0 0 1\r\nx\r\nflush_all 100\r\nset b 0 500 1\r\nx\r\n');
    const reply = await visit(path, 'mg a t\r\nmg b t\r\n');
    expect(reply).toMatch(/^HD t9\d\r\nHD t9\d\r\n$/);
  });
});
