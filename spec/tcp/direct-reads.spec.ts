/** Reads without the stream's queue: the same bytes in the same order, whatever the stream is doing. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readDirectly } from '../../lib/tcp/input.js';

let listener: Server;
let socket: Socket;
let client: Socket;

beforeEach(async () => {
  listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  [socket] = (await once(listener, 'connection')) as [Socket];
});

afterEach(() => {
  client.destroy();
  socket.destroy();
  listener.close();
});

/** What has been read, as text. */
function reading(): { text: () => string; stop: () => void } {
  const chunks: Buffer[] = [];
  const stop = readDirectly(socket, (chunk) => chunks.push(chunk));
  return { text: () => Buffer.concat(chunks).toString(), stop };
}

describe('readDirectly', () => {
  it('hands on what arrives without an event for it', async () => {
    const { text } = reading();
    let events = 0;
    socket.on('data', () => events++);
    client.write('one');
    await vi.waitFor(() => expect(text()).toBe('one'));
    client.write('two');
    await vi.waitFor(() => expect(text()).toBe('onetwo'));
    expect(events).toBe(0);
  });

  it('keeps the order over pauses, with more than the queue takes', async () => {
    const { text } = reading();
    const parts = Array.from({ length: 40 }, (_, i) => `${i}:`.padEnd(20_000, 'x'));
    client.write('first');
    await vi.waitFor(() => expect(text()).toBe('first'));
    socket.pause();
    for (const part of parts) client.write(part);
    await vi.waitFor(() => expect(socket.readableLength).toBeGreaterThan(0));
    expect(text()).toBe('first');
    socket.resume();
    client.write('last');
    await vi.waitFor(() => expect(text()).toBe(`first${parts.join('')}last`));
  });

  it('goes on where a listener pauses in the middle', async () => {
    let seen = '';
    readDirectly(socket, (chunk) => {
      seen += chunk.toString();
      socket.pause();
      setImmediate(() => socket.resume());
    });
    const parts = Array.from({ length: 200 }, (_, i) => `${i},`.padEnd(997, '.'));
    for (const part of parts) client.write(part);
    await vi.waitFor(() => expect(seen).toBe(parts.join('')));
  });

  it('reports the end, and reads no more once it has been stopped', async () => {
    const { text, stop } = reading();
    client.write('heard');
    await vi.waitFor(() => expect(text()).toBe('heard'));
    stop();
    socket.resume();
    const ended = once(socket, 'end');
    client.end('unheard');
    await ended;
    expect(text()).toBe('heard');
  });
});
