/** Who may come in: names, pages and tokens, and the ways in which one could look like another. */

import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOKEN_SUBPROTOCOL } from '../../lib/rpc-protocol.js';
import { AccessPolicy, type AccessPolicyOptions } from '../../lib/web/access-policy.js';

const LOCAL = '127.0.0.1';

function statusOf(
  headers: IncomingHttpHeaders,
  options: AccessPolicyOptions = {},
  localAddress: string | undefined = LOCAL,
): number | null {
  return new AccessPolicy(options).checkHostAndOrigin(headers, localAddress)?.status ?? null;
}

describe('Host', () => {
  it.each([
    'localhost',
    'localhost:11280',
    'LocalHost:11280',
    'localhost.:11280',
    'localhost:',
    '127.0.0.1',
    '127.0.0.1:11280',
    '[::1]',
    '[::1]:11280',
  ])('of loopback is known: %s', (host) => {
    expect(statusOf({ host })).toBeNull();
  });

  it.each([
    'evil.example',
    'evil.example:11280',
    'localhost.evil.example',
    'evil.localhost',
    '127.0.0.1.evil.example:80',
    '127.0.0.2',
    '[::2]',
    '::1',
    '[::1',
    '[::1]x',
    '[::1]:80:80',
    'localhost:80:80',
    'localhost..',
    'localhost:port',
    'evil.example@localhost',
    'localhost@evil.example',
    'localhost:80@evil.example',
    'user:1234@localhost',
    'http://localhost',
    'localhost/',
    'localhost#',
    'localhost, evil.example',
    ' localhost',
    'localhost\0',
    '2130706433',
    '0x7f.0.0.1',
    '127.1',
    '',
    '.',
    ':80',
  ])('that is none of the server’s is refused: %j', (host) => {
    expect(statusOf({ host })).toBe(403);
  });

  it('must be there', () => {
    expect(new AccessPolicy({}).checkHostAndOrigin({}, LOCAL)).toEqual({
      status: 400,
      reason: 'there is no Host header',
    });
  });

  it.each([
    ['192.168.1.5', '192.168.1.5:11280'],
    ['::ffff:192.168.1.5', '192.168.1.5:11280'],
    ['fe80::1%eth0', '[fe80::1]:11280'],
    ['2001:db8::7', '[2001:db8::7]'],
  ])('may be the address that the connection came in at: %s', (localAddress, host) => {
    expect(statusOf({ host }, {}, localAddress)).toBeNull();
    expect(statusOf({ host })).toBe(403);
  });

  it('of a Unix socket, which has no address, is held to the names alone', () => {
    expect(new AccessPolicy({}).checkHostAndOrigin({ host: 'undefined' }, undefined)?.status).toBe(403);
    expect(new AccessPolicy({}).checkHostAndOrigin({ host: 'localhost' }, undefined)).toBeNull();
  });

  it('may have the names of the option, in any letters, with a dot at the end and any port', () => {
    const options = { hosts: ['Cache.Example', 'fe80::7', '[::9]', 'dotted.example.'] };
    for (const host of [
      'cache.example',
      'CACHE.example.:80',
      '[fe80::7]:1',
      '[::9]',
      'dotted.example',
      'localhost',
    ])
      expect(statusOf({ host }, options), host).toBeNull();
    expect(statusOf({ host: 'sub.cache.example' }, options)).toBe(403);
  });

  it('is shown in one short line', () => {
    const refusal = new AccessPolicy({}).checkHostAndOrigin(
      { host: `evil\u0085${'x'.repeat(10_000)}` },
      LOCAL,
    );
    expect(refusal?.reason.length).toBeLessThan(200);
    expect(refusal?.reason).toMatch(
      /^this server is not known as ".*"; see the option hosts, or --http-hosts$/,
    );
  });
});

describe('Origin, unless the option says which', () => {
  it.each([
    ['http://localhost:11280', 'localhost:11280'],
    ['https://localhost:11280', 'localhost:11280'],
    ['http://localhost:11280', 'LOCALHOST:11280'],
    ['http://127.0.0.1', '127.0.0.1'],
    ['http://[::1]:11280', '[::1]:11280'],
  ])('may be the server’s own: %s at %s', (origin, host) => {
    expect(statusOf({ host, origin })).toBeNull();
  });

  it.each([
    ['http://evil.example', 'localhost:11280'],
    ['http://localhost', 'localhost:11280'],
    ['http://localhost:3000', 'localhost:11280'],
    ['http://127.0.0.1:11280', 'localhost:11280'],
    ['http://localhost:11280.evil.example', 'localhost:11280'],
    ['http://localhost:11280@evil.example', 'localhost:11280'],
    ['http://localhost:11280/', 'localhost:11280'],
    ['http://localhost:11280, http://localhost:11280', 'localhost:11280'],
    ['ftp://localhost:11280', 'localhost:11280'],
    ['localhost:11280', 'localhost:11280'],
    ['//localhost:11280', 'localhost:11280'],
    ['null', 'localhost:11280'],
    ['null', 'localhost'],
    ['', 'localhost'],
    ['file://', 'localhost'],
  ])('may be no other: %j at %s', (origin, host) => {
    expect(statusOf({ host, origin })).toBe(403);
  });

  it('need not be there: what sends none is no page', () => {
    expect(statusOf({ host: 'localhost' })).toBeNull();
  });

  it('does not help a page that has the loopback server under a name of its own', () => {
    expect(statusOf({ host: 'rebound.example:11280', origin: 'http://rebound.example:11280' })).toBe(403);
  });
});

describe('the option origins', () => {
  const origins = [
    'https://App.Example',
    'http://[::1]:3000',
    'chrome-extension://abc',
    'https://b.example:443',
  ];

  it.each(['https://app.example', 'http://[::1]:3000', 'chrome-extension://abc', 'https://b.example'])(
    'lets %s in',
    (origin) => {
      expect(statusOf({ host: 'localhost', origin }, { origins })).toBeNull();
    },
  );

  it.each([[[]], [origins]])('lets pages of the server in, whatever it holds', (origins) => {
    expect(statusOf({ host: 'localhost:11280', origin: 'http://localhost:11280' }, { origins })).toBeNull();
  });

  it.each([
    'http://localhost:8000',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://sub.app.example',
    'https://app.example/',
    'null',
    '',
  ])('and nobody else: %j', (origin) => {
    expect(statusOf({ host: 'localhost', origin }, { origins })).toBe(403);
  });

  it('is nothing to those that are no page', () => {
    expect(statusOf({ host: 'localhost' }, { origins })).toBeNull();
  });
});

describe('the token', () => {
  const policy = new AccessPolicy({ token: 'sesame/+=' });
  const offered = (token: string): string[] => [
    'hotset.v1',
    TOKEN_SUBPROTOCOL + Buffer.from(token).toString('base64url'),
  ];

  it('is required where there is one', () => {
    expect(policy.requiresToken).toBe(true);
    expect(new AccessPolicy({}).requiresToken).toBe(false);
    expect(new AccessPolicy({}).checkToken({})).toBeNull();
  });

  it('may come in a header or as a subprotocol', () => {
    expect(policy.checkToken({ authorization: 'Bearer sesame/+=' })).toBeNull();
    expect(policy.checkToken({ authorization: 'bearer  sesame/+=' })).toBeNull();
    expect(policy.checkToken({}, offered('sesame/+='))).toBeNull();
  });

  it('must come', () => {
    const refusal = { status: 401, reason: 'a token is needed', headers: { 'WWW-Authenticate': 'Bearer' } };
    expect(policy.checkToken({})).toEqual(refusal);
    expect(policy.checkToken({}, ['hotset.v1', 'memcached'])).toEqual(refusal);
    expect(policy.checkToken({ authorization: 'Basic c2VzYW1lLys9' })).toEqual(refusal);
    expect(policy.checkToken({ authorization: 'sesame/+=' })).toEqual(refusal);
    expect(policy.checkToken({ authorization: 'Bearer' })).toEqual(refusal);
  });

  it('must be right, and nothing of it is revealed', () => {
    const refusal = { status: 401, reason: 'the token is wrong', headers: { 'WWW-Authenticate': 'Bearer' } };
    for (const token of ['sesame', 'sesame/+=x', 'SESAME/+=', 'x', '\0'])
      expect(policy.checkToken({ authorization: `Bearer ${token}` }), token).toEqual(refusal);
    expect(policy.checkToken({}, offered('sesame'))).toEqual(refusal);
    expect(policy.checkToken({}, [TOKEN_SUBPROTOCOL])).toEqual(refusal);
  });

  it('in a wrong header is not made good by a right subprotocol', () => {
    expect(policy.checkToken({ authorization: 'Bearer x' }, offered('sesame/+='))?.status).toBe(401);
  });
});

describe('options', () => {
  it.each<[string, AccessPolicyOptions]>([
    ['hosts', { hosts: 'localhost' as unknown as string[] }],
    ['hosts', { hosts: [''] }],
    ['hosts', { hosts: ['cache.example:8080'] }],
    // Hexadecimal digits, but no address.
    ['hosts', { hosts: ['cafe:8080'] }],
    ['hosts', { hosts: ['http://cache.example'] }],
    ['hosts', { hosts: ['*'] }],
    ['hosts', { hosts: [5 as unknown as string] }],
    ['origins', { origins: 'https://a.example' as unknown as string[] }],
    ['origins', { origins: ['a.example'] }],
    ['origins', { origins: ['*'] }],
    ['origins', { origins: ['null'] }],
    ['origins', { origins: ['https://a.example/'] }],
    ['origins', { origins: ['https://user@a.example'] }],
    ['origins', { origins: ['https://a.example?x'] }],
    ['origins', { origins: ['https://a.example:99999'] }],
    ['token', { token: '' }],
    ['token', { token: 'two words' }],
    ['token', { token: 'é' }],
    ['token', { token: 5 as unknown as string }],
  ])('%s of %j are refused', (option, options) => {
    expect(() => new AccessPolicy(options)).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`^${option} takes .*; got .*$`)),
      }),
    );
  });

  it('a token that is refused is not shown', () => {
    expect(() => new AccessPolicy({ token: 'secret with blanks' })).toThrow(/^(?!.*secret with)/);
  });
});

it('whatever the headers say, the answer is a refusal in one line or none', () => {
  const policy = new AccessPolicy({ token: 'x', origins: ['https://a.example'] });
  const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
  fc.assert(
    fc.property(text, text, text, fc.array(fc.string()), (host, origin, authorization, protocols) => {
      const headers = { host, origin, authorization } as IncomingHttpHeaders;
      for (const refusal of [
        policy.checkHostAndOrigin(headers, LOCAL),
        policy.checkToken(headers, protocols),
      ])
        expect(refusal === null || /^[^\r\n]{1,300}$/.test(refusal.reason)).toBe(true);
    }),
  );
});
