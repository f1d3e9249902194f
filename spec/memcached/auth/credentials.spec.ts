/** The users and passwords of an auth file, and that a comparison tells nothing but yes or no. */

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Credentials } from '../../../lib/memcached/auth/credentials.js';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function credentials(content: string): Credentials {
  return new Credentials(bytes(content));
}

function allows(users: Credentials, name: string, password: string): boolean {
  return users.allow(bytes(name), bytes(password));
}

function users(count: number): string {
  return Array.from({ length: count }, (_, i) => `user${i}:password${i}\n`).join('');
}

describe('an auth file', () => {
  it.each([
    ['one user', 'ann:secret\n', 'ann', 'secret'],
    ['a last line without its end', 'ann:secret', 'ann', 'secret'],
    ['several users', 'bob:x\nann:secret\ncarl:y\n', 'ann', 'secret'],
    ['ends of lines as Windows has them', 'ann:secret\r\nbob:x\r\n', 'ann', 'secret'],
    ['empty lines', '\n\nann:secret\n\n', 'ann', 'secret'],
    ['a colon in the password', 'ann:se:cr:et\n', 'ann', 'se:cr:et'],
    ['blanks in both', 'ann lee:top secret \n', 'ann lee', 'top secret '],
    ['an empty password', 'ann:\n', 'ann', ''],
    ['bytes above ASCII', 'ann\xe9:s\xff\n', 'ann\xe9', 's\xff'],
    ['a user with two passwords', 'ann:old\nann:secret\n', 'ann', 'secret'],
    ['passwords of any length', `ann:${'x'.repeat(10_000)}\n`, 'ann', 'x'.repeat(10_000)],
  ])('may have %s', (_what, content, name, password) => {
    const known = credentials(content);
    expect(allows(known, name, password)).toBe(true);
    expect(allows(known, name, `${password}x`)).toBe(false);
    expect(allows(known, `${name}x`, password)).toBe(false);
    expect(allows(known, '', '')).toBe(false);
  });

  it('may have eight users', () => {
    const known = credentials(users(8));
    for (let i = 0; i < 8; i++) {
      expect(allows(known, `user${i}`, `password${i}`)).toBe(true);
      expect(allows(known, `user${i}`, `password${(i + 1) % 8}`)).toBe(false);
    }
  });

  it.each([
    ['nothing', '', 'it has no users'],
    ['empty lines only', '\n\r\n\n', 'it has no users'],
    ['a line without a colon', 'ann:x\n\nbob\n', 'line 3 is not of the form user:password'],
    ['a line without a user', ':secret\n', 'line 1 is not of the form user:password'],
    ['nine users', users(9), 'it has more than 8 users'],
  ])('is refused with %s', (_what, content, why) => {
    expect(() => new Credentials(bytes(content), '/etc/users')).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_AUTH_FILE',
        message: `/etc/users cannot be used: ${why}`,
      }),
    );
  });

  it('reveals no secrets when it is refused', () => {
    expect(() => credentials('ann:secret\ntopsecret\n')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});

describe('replace', () => {
  it('takes new users, and the old ones are gone', () => {
    const known = credentials('ann:old\n');
    known.replace(bytes('ann:new\nbob:x\n'));
    expect(allows(known, 'ann', 'old')).toBe(false);
    expect(allows(known, 'ann', 'new')).toBe(true);
    expect(allows(known, 'bob', 'x')).toBe(true);
  });

  it('keeps the old users when the new content makes no sense', () => {
    const known = credentials('ann:old\n');
    for (const content of ['', 'rubbish', users(9)])
      expect(() => known.replace(bytes(content))).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_AUTH_FILE' }),
      );
    expect(allows(known, 'ann', 'old')).toBe(true);
  });
});

describe('a comparison', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it.each([
    ['the right password', 'user0', 'password0'],
    ['the last user', 'user7', 'password7'],
    ['a wrong password', 'user0', 'password1'],
    ['a password that begins right', 'user0', 'password'],
    ['an unknown user', 'nobody', 'password0'],
    ['nothing at all', '', ''],
    ['a long password', 'user0', 'x'.repeat(5000)],
  ])(
    'does the same work for %s: digests of one length, all of them, in constant time',
    (_what, name, password) => {
      const known = credentials(users(8));
      const compared = vi.spyOn(crypto, 'timingSafeEqual');
      syncBuiltinESMExports();
      known.allow(bytes(name), bytes(password));
      expect(compared).toHaveBeenCalledTimes(16);
      for (const [left, right] of compared.mock.calls) {
        expect(left.byteLength).toBe(32);
        expect(right.byteLength).toBe(32);
      }
    },
  );
});
