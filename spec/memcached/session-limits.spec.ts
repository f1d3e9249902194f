/** What one client can make the server hold: bounded before it arrives. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Key } from '../../lib/items/key.js';
import {
  DATA_FIRST_BYTES,
  GET_LINE_MAX_BYTES,
  KEYS_MAX_PER_TURN,
  LINE_MAX_BYTES,
  REPLIES_MAX_BYTES,
} from '../../lib/memcached/limits.js';
import { ScriptedSession } from './scripted-session.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers that are alive. */
function bufferBytes(): number {
  collect();
  // Buffers are freed beside the program: the second collection waits for the first.
  collect();
  return process.memoryUsage().arrayBuffers;
}

const MIB = 1024 * 1024;

describe('a line without end', () => {
  it.each([1, 7, 1000, LINE_MAX_BYTES, 5000])('closes at 2049 bytes, arriving %i at a time', (step) => {
    const client = new ScriptedSession();
    const line = Buffer.alloc(LINE_MAX_BYTES, 'x');
    for (let at = 0; at < line.length; at += step)
      expect(client.feed(line.subarray(at, at + step))).toBe(true);
    expect(client.feed('x')).toBe(false);
    expect(client.replies()).toBe('');
  });

  it('is still a line at 2048 bytes', () => {
    const client = new ScriptedSession();
    expect(client.feed('x'.repeat(LINE_MAX_BYTES))).toBe(true);
    expect(client.ask('\nversion\r\n')).toMatch(/^ERROR\r\nVERSION /);
  });

  it('that arrives with its end may be longer', () => {
    expect(new ScriptedSession().ask(`${'x'.repeat(10_000)}\nversion\r\n`)).toMatch(/^ERROR\r\nVERSION /);
  });

  it.each(['get ', 'gets ', `${' '.repeat(100)}get `])('may grow when it begins with %j', (start) => {
    const client = new ScriptedSession();
    expect(client.feed(start)).toBe(true);
    for (let length = 0; length < 100_000; length += 1000)
      expect(client.feed('missing-k '.repeat(100))).toBe(true);
    expect(client.ask('\r\n')).toBe(start.startsWith(' ') ? 'ERROR\r\n' : 'END\r\n');
  });

  it.each(['gat 0 ', 'set ', 'GET ', 'getx ', 'get', `${' '.repeat(101)}get `])(
    'may not when it begins with %j',
    (start) => {
      const client = new ScriptedSession();
      expect(client.feed(start + 'k'.repeat(LINE_MAX_BYTES - start.length))).toBe(true);
      expect(client.feed('k')).toBe(false);
    },
  );

  it('of a get closes when it is longer than a get may be, and is then forgotten', () => {
    const client = new ScriptedSession();
    const before = bufferBytes();
    const piece = 'k '.repeat(32 * 1024);
    let fed = 0;
    let most = 0;
    client.feed('get ');
    while (client.feed(piece)) {
      fed += piece.length;
      expect(fed).toBeLessThanOrEqual(GET_LINE_MAX_BYTES);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(fed + piece.length).toBeGreaterThan(GET_LINE_MAX_BYTES - piece.length);
    expect(client.replies()).toBe('');
    // The line, and the one that it outgrew: garbage, but not more of it than that.
    expect(most).toBeLessThan(8 * GET_LINE_MAX_BYTES);
  });
});

describe('announced data', () => {
  it('that is too large is passed over without being held, and answered at its end', () => {
    const client = new ScriptedSession();
    client.feed(`set k 0 0 ${50 * MIB}\r\n`);
    const chunk = Buffer.alloc(MIB, 'x');
    const before = bufferBytes();
    for (let i = 0; i < 50; i++) {
      expect(client.feed(chunk)).toBe(true);
      expect(client.session.receivingData).toBe(true);
    }
    expect(bufferBytes() - before).toBeLessThan(MIB);
    expect(client.ask('\r')).toBe('');
    expect(client.ask('\nversion\r\n')).toMatch(/^SERVER_ERROR object too large for cache\r\nVERSION /);
  });

  it('costs at most its first block before it arrives', () => {
    const before = bufferBytes();
    const conversations = Array.from({ length: 100 }, () => {
      const client = new ScriptedSession();
      client.feed(`set k 0 0 ${MIB - 100}\r\nx`);
      return client;
    });
    // Each has a reply buffer of its own here, which a server's connections share.
    const held = (bufferBytes() - before) / conversations.length - 64 * 1024;
    expect(held).toBeLessThan(DATA_FIRST_BYTES + 8 * 1024);
  });

  it.each([2147483646, 4294967296, -1, 'x', '99999999999999999999'])(
    'of %s bytes is a bad command line',
    (length) => {
      const client = new ScriptedSession();
      expect(client.ask(`set k 0 0 ${length}\r\nversion\r\n`)).toMatch(
        /^CLIENT_ERROR bad command line format\r\nVERSION /,
      );
    },
  );

  it('of the largest length that is understood is passed over for as long as it takes', () => {
    const client = new ScriptedSession();
    client.feed('set k 0 0 2147483645 noreply\r\n');
    for (let i = 0; i < 10; i++) expect(client.feed(Buffer.alloc(MIB, '\n'))).toBe(true);
    expect(client.replies()).toBe('');
    expect(client.session.idle).toBe(false);
  });
});

describe('replies that are not taken', () => {
  it.each([100, 4096, 50_000, MIB - 100])(
    'stop at the bound for values of %i bytes, and go on in order',
    (length) => {
      const client = new ScriptedSession({ requestsPerTurn: 1_000_000 });
      const value = 'v'.repeat(length);
      expect(client.ask(`set k 0 0 ${length}\r\n${value}\r\n`)).toBe('STORED\r\n');
      const reply = `VALUE k 0 ${length}\r\n${value}\r\nEND\r\n`;
      const times = Math.max(5, Math.ceil((4 * REPLIES_MAX_BYTES) / length));
      const { session, out } = client;
      let state = session.feed(Buffer.from('get k\r\n'.repeat(times)));
      const taken: Buffer[] = [];
      let turns = 0;
      while (state === 'blocked') {
        turns++;
        expect(out.length).toBeGreaterThanOrEqual(REPLIES_MAX_BYTES);
        expect(out.length).toBeLessThanOrEqual(REPLIES_MAX_BYTES + reply.length);
        expect(session.idle).toBe(false);
        taken.push(...out.take());
        out.keep();
        state = session.resume();
      }
      taken.push(...out.take());
      expect(turns).toBeGreaterThanOrEqual(3);
      expect(state).toBe('ready');
      expect(session.idle).toBe(true);
      expect(Buffer.concat(taken).toString('latin1') === reply.repeat(times)).toBe(true);
    },
  );

  it('stop in the middle of a get of many keys; what is not yet answered is read when its turn comes', () => {
    const client = new ScriptedSession();
    const value = 'v'.repeat(100_000);
    const { entries, session, out } = client;
    client.ask(`set a 0 0 ${value.length}\r\n${value}\r\nset b 0 0 1\r\nb\r\n`);
    expect(session.feed(Buffer.from('get a a a a b\r\nversion\r\n'))).toBe('blocked');
    expect(out.length).toBeLessThanOrEqual(REPLIES_MAX_BYTES + value.length + 100);
    const first = Buffer.concat(out.take()).toString('latin1');
    const b = new Key(entries.hashSeed);
    b.setText('b');
    entries.delete(b);
    expect(session.resume()).toBe('ready');
    const all = first + Buffer.concat(out.take()).toString('latin1');
    const item = `VALUE a 0 ${value.length}\r\n${value}\r\n`;
    expect(all.replace(/VERSION .*/, 'VERSION') === `${item.repeat(4)}END\r\nVERSION\r\n`).toBe(true);
  });

  it('are still handed out when quit stands behind them', () => {
    const client = new ScriptedSession();
    const value = 'v'.repeat(100_000);
    client.ask(`set k 0 0 ${value.length}\r\n${value}\r\n`);
    expect(client.feed(`${'get k\r\n'.repeat(20)}quit\r\nget k\r\n`)).toBe(false);
    expect(client.replies()).toHaveLength(20 * `VALUE k 0 100000\r\n${value}\r\nEND\r\n`.length);
  });
});

describe('a get of very many keys', () => {
  it('gives others a turn after so many lookups, also when it finds nothing', () => {
    const { session, out } = new ScriptedSession();
    let turns = 1;
    let state = session.feed(Buffer.from(`get ${'k '.repeat(2.5 * KEYS_MAX_PER_TURN)}\r\nget k\r\n`));
    for (; state === 'blocked'; state = session.resume()) turns++;
    expect(turns).toBe(3);
    expect(Buffer.concat(out.take()).toString()).toBe('END\r\nEND\r\n');
  });

  it('counts the keys of a turn, however they are spread over lines', () => {
    const { session, out } = new ScriptedSession({ requestsPerTurn: 1_000_000 });
    expect(session.feed(Buffer.from('get k\r\n'.repeat(KEYS_MAX_PER_TURN + 1)))).toBe('blocked');
    expect(session.resume()).toBe('ready');
    expect(out.length).toBe('END\r\n'.length * (KEYS_MAX_PER_TURN + 1));
  });
});

describe('a value of very many digits', () => {
  it('is no number, and that is found without reading it as one', () => {
    const client = new ScriptedSession();
    const digits = '7'.repeat(MIB / 2);
    client.ask(`set k 0 0 ${digits.length}\r\n${digits}\r\n`);
    // Reading it as a number would take a minute here.
    const replies = client.ask('incr k 1\r\n'.repeat(500));
    expect(replies).toBe('CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'.repeat(500));
  });

  it('is one after any number of zeros', () => {
    const client = new ScriptedSession();
    client.ask(`set k 0 0 5000\r\n${'7'.padStart(5000, '0')}\r\n`);
    expect(client.ask('incr k 1\r\n')).toBe('8\r\n');
  });

  it('counts against the turn, as what append copies does', () => {
    const { session } = new ScriptedSession();
    const value = `1${' '.repeat(MIB / 2)}`;
    session.feed(Buffer.from(`set k 0 0 ${value.length}\r\n${value}\r\n`));
    expect(session.feed(Buffer.from('incr k 1\r\n'.repeat(100)))).toBe('blocked');
    while (session.resume() === 'blocked');
    expect(session.feed(Buffer.from('append k 0 0 0\r\n\r\n'.repeat(100)))).toBe('blocked');
    while (session.resume() === 'blocked');
    expect(session.idle).toBe(true);
  });
});

describe('gat with an exptime that has passed', () => {
  it('answers with the item, also when the first time to live of all makes a full cache evict it', () => {
    const client = new ScriptedSession({}, 200_000);
    let last = 0;
    while (client.entries.stats().evictions === 0) client.ask(`set k${++last} 0 0 1 noreply\r\nx\r\n`);
    expect(client.ask(`gat -1 k${last}\r\nget k${last}\r\n`)).toBe(
      `VALUE k${last} 0 1\r\nx\r\nEND\r\nEND\r\n`,
    );
    expect(client.entries.verify()).toEqual([]);
  });
});

describe('requests of a turn', () => {
  it('are bounded, however short they and their replies are', () => {
    const { session, out } = new ScriptedSession({ requestsPerTurn: 3 });
    expect(session.feed(Buffer.from('mn\r\nmn\r\nset k 0 0 1\r\nx\r\nmn\r\n'))).toBe('blocked');
    expect(Buffer.concat(out.take()).toString()).toBe('MN\r\nMN\r\nSTORED\r\n');
    expect(session.resume()).toBe('ready');
    expect(Buffer.concat(out.take()).toString()).toBe('MN\r\n');
  });
});
