/** Replies that a client has not read: what they keep alive, and that they arrive when the connection ends. */

import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { certificate } from '../support/certificates.js';
import { certFiles, connectTo, folder, serve } from './fixture.js';
import type { WireClient } from './wire-client.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The server's sockets, in the order of their connections. */
let sockets: Socket[] = [];

beforeEach(() => {
  sockets = [];
  const keepAlive = Socket.prototype.setKeepAlive;
  vi.spyOn(Socket.prototype, 'setKeepAlive').mockImplementation(function (this: Socket, ...args) {
    sockets.push(this);
    return keepAlive.apply(this, args);
  });
});
afterEach(() => vi.restoreAllMocks());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until some of the replies stay in the server's process; returns how often. */
async function askUntilUnsent(client: WireClient, socket: Socket): Promise<number> {
  let asked = 0;
  for (let calm = 0; calm < 5; ) {
    if (socket.writableLength === 0) {
      calm = 0;
      client.send('get huge\r\n');
      asked++;
      await sleep(10);
    } else {
      calm++;
      await sleep(50);
    }
  }
  return asked;
}

const HUGE = 100_000;
const STORE = `set huge 0 0 ${HUGE}\r\n${'x'.repeat(HUGE)}\r\nset page 0 0 4000\r\n${'x'.repeat(4000)}\r\n`;

describe('small replies that a TLS client does not read', () => {
  it('keep little more alive than themselves', async () => {
    const { cert, key } = certificate('server');
    const { address } = await serve({ tls: certFiles(folder(), { cert, key }) });
    const others = await connectTo(address, { ca: cert });
    others.send(STORE);
    await others.line();
    await others.line();
    const slow = await connectTo(address, { ca: cert });
    await slow.ask('mn\r\n');
    slow.socket.pause();
    await askUntilUnsent(slow, sockets[1]!);
    collect();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1500; i++) {
      slow.send('mn\r\n');
      others.send('get page\r\n'.repeat(16));
      await others.bytes(16 * 'VALUE page 0 4000\r\n\r\nEND\r\n'.length + 16 * 4000);
    }
    expect(sockets[1]!.writableLength).toBeLessThan(512 * 1024);
    // The others' replies may take the collector more than one turn; blocks that are held would stay.
    let keptMib = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 50 && keptMib >= 16; tries++) {
      await sleep(20);
      collect();
      keptMib = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
    }
    expect(keptMib).toBeLessThan(16);
  });
});

describe('a watcher that has shut its side down', () => {
  it('still gets the replies before, also when new changes wait', async () => {
    const { connect } = await serve();
    const other = await connect();
    other.send(STORE);
    await other.line();
    await other.line();
    const watcher = await connect();
    watcher.socket.pause();
    const asked = await askUntilUnsent(watcher, sockets[1]!);
    watcher.send('watch fetchers\r\n');
    await sleep(50);
    watcher.socket.end();
    await sleep(50);
    await other.ask('get nothing\r\n', /END\r\n/);
    await sleep(100);
    watcher.socket.resume();
    const replies = await watcher.bytes(asked * (HUGE + `VALUE huge 0 ${HUGE}\r\n\r\nEND\r\n`.length) + 4);
    expect(replies.subarray(-4).toString()).toBe('OK\r\n');
  });
});
