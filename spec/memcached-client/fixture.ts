/** A server that a spec plays by hand, and a client of it on a manual clock. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, vi } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { MemcachedClient } from '../../lib/memcached-client/memcached-client.js';
import type { MemcachedClientOptions, MemcachedClientState } from '../../lib/memcached-client/options.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export class ScriptedServer {
  readonly #server: Server;
  readonly sockets: Socket[] = [];
  /** What has come over each connection. */
  readonly received: string[] = [];
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      const number = this.sockets.push(socket) - 1;
      this.received.push('');
      socket.on('error', () => {});
      socket.setEncoding('latin1').on('data', (text) => {
        this.received[number] = this.received[number]! + text;
      });
    });
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Waits until the newest connection has sent this, from the beginning. */
  async expect(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.received.at(-1)).toBe(text), { timeout: 10_000, interval: 1 });
  }

  say(text: string): void {
    this.sockets.at(-1)!.write(text, 'latin1');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface Fixture {
  readonly server: ScriptedServer;
  readonly client: MemcachedClient;
  readonly scheduler: ManualScheduler;
  readonly states: MemcachedClientState[];
  is(state: MemcachedClientState): Promise<void>;
}

/** Nothing is random: each wait before a reconnect is as long as it can be. */
export async function play(options: MemcachedClientOptions = {}): Promise<Fixture> {
  const server = new ScriptedServer();
  await server.listen();
  cleanups.push(() => server.close());
  const scheduler = new ManualScheduler(new ManualClock(1000));
  const states: MemcachedClientState[] = [];
  const client = new MemcachedClient(`127.0.0.1:${server.port}`, {
    clock: scheduler.clock,
    scheduler,
    random: () => 0.999_999,
    ...options,
    onStateChange: (state) => states.push(state),
  });
  cleanups.push(() => client.close());
  return {
    server,
    client,
    scheduler,
    states,
    is: (state) => vi.waitFor(() => expect(client.state).toBe(state), { timeout: 10_000, interval: 1 }),
  };
}
