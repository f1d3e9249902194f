/** Nothing is served before a client has authenticated: the fake `set` of the text protocol, SASL PLAIN of the binary one. */

import { describe, expect, it } from 'vitest';
import { Credentials } from '../../../lib/memcached/auth/credentials.js';
import { failure, OPCODE, request, response } from '../../conformance/binary-packet.js';
import { ScriptedSession } from '../scripted-session.js';

const FILE = Buffer.from('alice:wonder land\nbob:se:cret\ncarol:swordfish');
const { get, noop, quit, saslAuth, saslList, saslStep, set, stat, version } = OPCODE;
const AUTH_FAILURE = [0x20, 'Auth failure.'] as const;

function newClient(): ScriptedSession {
  return new ScriptedSession({}, undefined, { credentials: new Credentials(FILE) });
}

function signIn(data: string, words = 'k 0 0'): string {
  return `set ${words} ${data.length}\r\n${data}\r\n`;
}

function counters(client: ScriptedSession): string {
  return client
    .ask('stats\r\n')
    .match(/STAT auth_\w+ \d+/g)!
    .join(' ');
}

describe('a text client', () => {
  it.each(['bob se:cret', 'carol swordfish', 'alice wonder land'])('is let in with %o', (data) => {
    const client = newClient();
    expect(client.ask(signIn(data))).toBe('STORED\r\n');
    expect(client.ask('get k\r\nset k 0 0 1\r\nx\r\n')).toBe('END\r\nSTORED\r\n');
    expect(counters(client)).toBe('STAT auth_cmds 1 STAT auth_errors 0');
  });

  it.each([
    'bob secret',
    'bob se',
    'alice wonder',
    'mallory se:cret',
    'bob se:cret\0',
    'bob ',
    ' ',
    ' bob se:cret',
    'bob  se:cret',
    'bob se:cret ',
    'carol swordfish and more',
  ])('is not let in with %o: the first space ends the user, and the rest is the password', (data) => {
    const client = newClient();
    expect(client.ask(signIn(data))).toBe('CLIENT_ERROR authentication failure\r\n');
    expect(client.ask('get k\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n');
    expect(client.ask(signIn('bob se:cret'))).toBe('STORED\r\n');
    expect(counters(client)).toBe('STAT auth_cmds 2 STAT auth_errors 1');
  });

  it('may name any key, flags and time, and noreply means nothing', () => {
    const client = newClient();
    expect(client.ask('set foo x y 11 noreply\r\nbob se:cret\r\n')).toBe('STORED\r\n');
    expect(client.entries.size).toBe(0);
  });

  it.each([
    'get a',
    'version',
    'stats items',
    'flush_all',
    'quit  ',
    'add k 0 0 11',
    ' set k 0 0 11',
    'set k 0 0',
    'set k 0 0 x',
    'set k 0 0 -1',
    'set k 0 0 +11',
    'set k 0 0 4294967296',
    'set k 0 0 noreply',
  ])('gets nothing for %o', (line) => {
    expect(newClient().ask(`${line}\r\n`)).toBe('CLIENT_ERROR unauthenticated\r\n');
  });

  // memcached counts the CR and not the LF.
  it.each(['ab\r\n', 'mn\r\n', 'quit\r\n', 'abcd\r\n', 'abcde\n', '\r\n', '\n'])(
    'is sent away without a word for %o, which is too short for a set',
    (line) => {
      for (const before of ['', 'get a\r\n']) {
        const client = newClient();
        expect(client.feed(before + line)).toBe(false);
        expect(client.replies()).toBe(before === '' ? '' : 'CLIENT_ERROR unauthenticated\r\n');
      }
      expect(newClient().ask('abcde\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n');
    },
  );

  it('gets an error that names what is wrong with its data', () => {
    const client = newClient();
    expect(client.ask('set k 0 0 11\r\nbob se:cretxx')).toBe('CLIENT_ERROR bad command line termination\r\n');
    expect(client.ask(signIn('bob'))).toBe('CLIENT_ERROR bad authentication token format\r\n');
    expect(client.ask('set k 0 0 16385\r\n')).toBe('CLIENT_ERROR auth token too long\r\n');
    // Only an attempt that could be understood counts.
    client.ask(signIn('bob se:cret'));
    expect(counters(client)).toBe('STAT auth_cmds 1 STAT auth_errors 0');
  });

  it('may leave, and is sent away when its line has no end', () => {
    const leaving = newClient();
    expect(leaving.feed('quit\r\n')).toBe(false);
    expect(leaving.feed(signIn('bob se:cret'))).toBe(false);
    const endless = newClient();
    expect(endless.feed('x'.repeat(2048))).toBe(true);
    expect(endless.feed('x')).toBe(false);
    expect([leaving.replies(), endless.replies()]).toEqual(['', '']);
  });

  it('is understood byte by byte, with what it sends in the same breath', () => {
    const client = newClient();
    for (const byte of `get a\r\n${signIn('bob se:cret')}get a\r\nmn\r\n`) client.feed(byte);
    expect(client.replies()).toBe('CLIENT_ERROR unauthenticated\r\nSTORED\r\nEND\r\nMN\r\n');
  });
});

describe('a binary client', () => {
  const plain = (message: string, mechanism = 'PLAIN'): string =>
    request(saslAuth, { key: mechanism, value: message, opaque: 9 });
  const authFailure = (opcode: number, opaque = 0): string =>
    response(opcode, { status: AUTH_FAILURE[0], value: AUTH_FAILURE[1], opaque });

  it('learns of the mechanism, and is let in', () => {
    const client = newClient();
    expect(client.ask(request(saslList))).toBe(response(saslList, { value: 'PLAIN' }));
    expect(client.ask(plain('\0bob\0se:cret'))).toBe(
      response(saslAuth, { value: 'Authenticated', opaque: 9 }),
    );
    expect(client.ask(request(noop))).toBe(response(noop));
  });

  it('may name whom to act as', () => {
    expect(newClient().ask(plain('x\0carol\0swordfish'))).toContain('Authenticated');
    expect(newClient().ask(plain('\0alice\0wonder land'))).toContain('Authenticated');
  });

  it.each(['\0', '\0bob', '\0bob\0', '\0bob\0secret', 'bob\0se:cret', '\0bob\0se:cret\0'])(
    'is not let in with %o, and may try again',
    (message) => {
      const client = newClient();
      expect(client.ask(plain(message))).toBe(authFailure(saslAuth, 9));
      expect(client.ask(plain('\0bob\0se:cret'))).toContain('Authenticated');
    },
  );

  it('may send its message after its mechanism', () => {
    const client = newClient();
    const step = (message: string): string => request(saslStep, { key: 'PLAIN', value: message });
    const more = response(saslAuth, { status: 0x21, opaque: 9 });
    expect(client.ask(plain('') + step('\0bob\0wrong'))).toBe(more + authFailure(saslStep));
    expect(client.ask(plain('') + step(''))).toBe(more + authFailure(saslStep));
    expect(client.ask(plain('') + step('\0bob\0se:cret'))).toBe(
      more + response(saslStep, { value: 'Authenticated' }),
    );
    const stats = client.ask(request(stat));
    expect(stats).toContain('auth_cmds3');
    expect(stats).toContain('auth_errors2');
  });

  it('takes no step without an auth before it', () => {
    const step = request(saslStep, { key: 'PLAIN', value: '\0bob\0se:cret' });
    expect(newClient().ask(step)).toBe(authFailure(saslStep));
    expect(newClient().ask(plain('\0bob\0wrong') + step)).toBe(
      authFailure(saslAuth, 9) + authFailure(saslStep),
    );
    expect(newClient().ask(plain('', 'CRAM-MD5') + step)).toBe(
      authFailure(saslAuth, 9) + authFailure(saslStep),
    );
    const client = newClient();
    expect(client.ask(plain('\0bob\0se:cret') + step + request(noop))).toBe(
      response(saslAuth, { value: 'Authenticated', opaque: 9 }) + authFailure(saslStep) + response(noop),
    );
  });

  it('has a mechanism of 32 bytes at most', () => {
    const message = '\0bob\0se:cret';
    const client = newClient();
    expect(client.ask(plain(message, 'M'.repeat(32)))).toBe(authFailure(saslAuth, 9));
    expect(client.ask(plain(message, 'M'.repeat(33)) + plain(message))).toBe(
      failure(saslAuth, 'invalid', { opaque: 9 }) + response(saslAuth, { value: 'Authenticated', opaque: 9 }),
    );
    const step = request(saslStep, { key: 'M'.repeat(40), value: message });
    expect(client.ask(step + request(noop))).toBe(failure(saslStep, 'invalid') + response(noop));
  });

  it('is let in by no other mechanism', () => {
    expect(newClient().ask(plain('\0bob\0se:cret', 'CRAM-MD5'))).toBe(authFailure(saslAuth, 9));
    const step = request(saslStep, { key: 'PLAIN', value: '\0bob\0wrong' });
    expect(newClient().ask(step)).toBe(authFailure(saslStep));
  });

  it('gets the version, and is refused anything else', () => {
    const asking = newClient();
    expect(asking.ask(request(version))).toBe(response(version, { value: '1.6.45' }));
    expect(asking.state).toBe('ready');
    const leaving = newClient();
    expect(leaving.ask(request(quit))).toBe(authFailure(quit));
    expect(leaving.state).toBe('closed');
    const reading = newClient();
    expect(reading.ask(request(get, { key: 'a' }) + request(noop))).toBe(authFailure(get));
    expect(reading.state).toBe('closed');
    const storing = newClient();
    expect(storing.ask(request(set, { extras: '\0'.repeat(8), key: 'a', value: 'x' }))).toBe(
      authFailure(set),
    );
    expect(storing.entries.size).toBe(0);
  });

  it('has to be brief about it', () => {
    const client = newClient();
    const message = `\0bob\0${'x'.repeat(16 * 1024)}`;
    expect(client.ask(plain(message) + plain('\0bob\0se:cret'))).toBe(
      authFailure(saslAuth, 9) + response(saslAuth, { value: 'Authenticated', opaque: 9 }),
    );
  });

  it('finds no SASL where everybody is let in', () => {
    const client = new ScriptedSession();
    expect(client.ask(plain('\0bob\0se:cret') + request(noop))).toBe(
      failure(saslAuth, 'unknown', { opaque: 9 }) + response(noop),
    );
  });
});

describe('users that change', () => {
  it('hold for those who come later', () => {
    const credentials = new Credentials(FILE);
    const client = new ScriptedSession({}, undefined, { credentials });
    credentials.replace(Buffer.from('dave:new'));
    expect(client.ask(signIn('bob se:cret'))).toBe('CLIENT_ERROR authentication failure\r\n');
    expect(client.ask(signIn('dave new'))).toBe('STORED\r\n');
    expect(() => credentials.replace(Buffer.from('nonsense'))).toThrow(
      'line 1 is not of the form user:password',
    );
    expect(credentials.allow(Buffer.from('dave'), Buffer.from('new'))).toBe(true);
  });
});
