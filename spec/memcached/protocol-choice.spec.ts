/** Which protocol a connection speaks, and the switches that turn parts of it off. */

import { expect, it } from 'vitest';
import { Credentials } from '../../lib/memcached/auth/credentials.js';
import { OPCODE, request, response } from '../conformance/binary-packet.js';
import { ScriptedSession } from './scripted-session.js';

const { flush, noop, set } = OPCODE;
const SET_EXTRAS = '\0'.repeat(8);

it('the first byte chooses, once and for all', () => {
  const binary = new ScriptedSession();
  expect(binary.ask(request(noop))).toBe(response(noop));
  expect(binary.feed('version\r\n'.padEnd(24, ' '))).toBe(false);
  const text = new ScriptedSession();
  expect(text.ask('mn\r\n')).toBe('MN\r\n');
  expect(text.ask(`${request(noop)}\r\n`)).toMatch(/ERROR/);
});

it('may not choose the protocol that is turned off', () => {
  const ascii = new ScriptedSession({}, undefined, { protocol: 'ascii' });
  expect(ascii.ask(`${request(noop)}\r\nmn\r\n`)).toMatch(/ERROR.*\r\nMN\r\n$/s);
  const binary = new ScriptedSession({}, undefined, { protocol: 'binary' });
  expect(binary.feed('get some keys that are not there\r\n')).toBe(false);
  expect(binary.replies()).toBe('');
});

it('without cas ids all of them read 0, and none matches', () => {
  const client = new ScriptedSession({ casIds: false });
  expect(client.ask('set a 0 0 1\r\nx\r\ngets a\r\nmg a c\r\nms a 1 c\r\ny\r\n')).toBe(
    'STORED\r\nVALUE a 0 1 0\r\nx\r\nEND\r\nHD c0\r\nHD c0\r\n',
  );
  expect(client.ask('cas a 0 0 1 0\r\nz\r\ncas a 0 0 1 1\r\nz\r\ncas b 0 0 1 1\r\nz\r\n')).toBe(
    'EXISTS\r\nEXISTS\r\nNOT_FOUND\r\n',
  );
  expect(client.ask('ms a 1 E5 c\r\ny\r\nmd a I\r\nmg a c v\r\n')).toBe(
    'HD c0\r\nHD\r\nVA 1 c0 X W\r\ny\r\n',
  );
  expect(client.entries.verify()).toEqual([]);
});

it('without cas ids items have 8 bytes more', () => {
  const value = 'x'.repeat(1024 * 1024 - 51 - 1);
  const set = `set a 0 0 ${value.length}\r\n${value}\r\n`;
  expect(new ScriptedSession().ask(set)).toBe('SERVER_ERROR object too large for cache\r\n');
  expect(new ScriptedSession({ casIds: false }).ask(set)).toBe('STORED\r\n');
});

it('flush_all that is not allowed is refused, and counted', () => {
  const client = new ScriptedSession({ allowFlush: false });
  expect(client.ask('set a 0 0 1\r\nx\r\nflush_all\r\nflush_all 10\r\nflush_all noreply\r\nget a\r\n')).toBe(
    'STORED\r\nCLIENT_ERROR flush_all not allowed\r\nCLIENT_ERROR flush_all not allowed\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  );
  expect(client.ask('stats\r\n')).toContain('STAT cmd_flush 3\r\n');
  const binary = new ScriptedSession({ allowFlush: false });
  expect(binary.ask(request(set, { extras: SET_EXTRAS, key: 'a' }) + request(flush))).toContain(
    'Auth failure.',
  );
  expect(binary.entries.size).toBe(1);
});

it('traces commands from verbosity 2 on, without passwords', () => {
  const traced: string[] = [];
  const trace = (command: string): unknown => traced.push(command);
  const text = new ScriptedSession({}, undefined, { trace });
  text.ask('get a\r\nverbosity 2\r\nset a 0 0 6\r\nsecret\r\nmg a v\r\nbogus\r\nverbosity 1\r\nget b\r\n');
  expect(traced.splice(0)).toEqual(['set a 0 0 6', 'mg a v', 'bogus', 'verbosity 1']);
  const binary = new ScriptedSession({ verbosity: 3 }, undefined, { trace });
  binary.ask(request(set, { extras: SET_EXTRAS, key: 'a', value: 'secret' }) + request(noop));
  expect(traced.splice(0)).toEqual(['set a', 'noop ']);
  const credentials = new Credentials(Buffer.from('bob:secret'));
  const locked = new ScriptedSession({ verbosity: 3 }, undefined, { trace, credentials });
  locked.ask('set k 0 0 10\r\nbob secret\r\nget a\r\n');
  expect(traced.splice(0)).toEqual(['get a']);
});
