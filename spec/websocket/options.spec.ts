/** Options that make no sense are refused by name, before anything is opened. */

import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { attachWebSocket, type WebSocketOptions } from '../../lib/websocket/index.js';
import { closeAfterTest } from './fixture.js';

const bad: [option: string, options: { [Name in keyof WebSocketOptions]: unknown }][] = [
  ['server', { server: {} }],
  ['server', { server: 8080 }],
  ['port', { port: -1 }],
  ['port', { port: 65536 }],
  ['port', { port: '80' }],
  ['port', { port: null }],
  ['port', { port: 0, server: createServer() }],
  ['host', { host: 'localhost' }],
  ['host', { host: '', port: 0 }],
  ['host', { host: 5, port: 0 }],
  ['path', { path: 'cache' }],
  ['path', { path: '' }],
  ['path', { path: '/a?b' }],
  ['path', { path: '/a#b' }],
  ['path', { path: '/a b' }],
  ['path', { path: 5 }],
  ['access', { access: 'none' }],
  ['access', { access: 'toString' }],
  ['hosts', { hosts: ['localhost:80'] }],
  ['origins', { origins: '*' }],
  ['token', { token: '' }],
  ['maxConnections', { maxConnections: 0 }],
  ['maxConnections', { maxConnections: Number.POSITIVE_INFINITY }],
  ['maxConnections', { maxConnections: '5' }],
  ['maxPayloadBytes', { maxPayloadBytes: 0 }],
  ['maxPayloadBytes', { maxPayloadBytes: 2 ** 31 }],
  ['maxPayloadBytes', { maxPayloadBytes: 2 ** 32 }],
  ['maxUnsentBytes', { maxUnsentBytes: 0 }],
  ['maxBacklogBytes', { maxBacklogBytes: -1 }],
  ['maxBacklogBytes', { maxBacklogBytes: 1024 * 1024 - 1 }],
  ['maxSubscriptions', { maxSubscriptions: 1.5 }],
  ['maxSubscriptionBytes', { maxSubscriptionBytes: -1 }],
  ['maxBatch', { maxBatch: 0 }],
  ['maxReplyBytes', { maxReplyBytes: Number.NaN }],
  ['maxRepliesBytes', { maxRepliesBytes: -1 }],
  ['heartbeatMs', { heartbeatMs: 0 }],
  ['heartbeatMs', { heartbeatMs: 2 ** 31 }],
  ['heartbeatMs', { heartbeatMs: '1000' }],
  ['maxItemBytes', { maxItemBytes: 1023 }],
];

describe('the options of attachWebSocket', () => {
  it.each(bad)('refuses %s of %j', (option, options) => {
    expect(() => attachWebSocket(new CacheEngine<string, unknown>(), options as WebSocketOptions)).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`^${option} takes .*; got .*$`)),
      }),
    );
  });

  it('refuses an unknown one by name', () => {
    expect(() =>
      attachWebSocket(new CacheEngine<string, unknown>(), { prot: 1 } as WebSocketOptions),
    ).toThrow(/there is no option "prot"; options are server, /);
  });

  it('refuses an engine that is not for the wire', () => {
    expect(() => attachWebSocket(new Map() as unknown as CacheEngine<string, unknown>)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
  });

  it('leaves nothing behind in what it refuses', () => {
    const server = createServer();
    expect(() => attachWebSocket(new CacheEngine<string, unknown>(), { server, token: '' })).toThrow();
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('takes the bounds themselves', () => {
    for (const options of [
      { port: 65535 },
      { path: '/' },
      { path: '/%20/ü'.replace('ü', '~') },
      { maxConnections: 1, maxSubscriptions: 0, maxBatch: 1, maxReplyBytes: 1024 },
      { maxPayloadBytes: 1024 },
      { maxPayloadBytes: 2 ** 31 - 1 },
      { maxUnsentBytes: 1, maxBacklogBytes: 1 },
      { heartbeatMs: 1 },
      { heartbeatMs: Number.POSITIVE_INFINITY },
      { maxItemBytes: 2 ** 30 },
    ])
      closeAfterTest(attachWebSocket(new CacheEngine<string, unknown>(), options));
  });
});
