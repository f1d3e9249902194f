/** What concerns all threads of `-t`, although one thread alone is asked for it. Needs Node 22.12 or newer, as threads.spec.ts does. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask } from '../http/fixture.js';
import { certificate } from '../support/certificates.js';
import { readExposition } from '../support/exposition.js';
import { type Command, folder } from './command.js';
import { CAPABLE, CLIENTS, Client, clients, startThreads } from './thread-clients.js';

const MIB = 2 ** 20;

/** Has all clients close, so that the command may end. */
function leave(all: readonly Client[]): void {
  for (const { socket } of all) socket.destroy();
}

/** A WebSocket client of `hotset.v1`. */
class Caller {
  readonly #socket: WebSocket;
  readonly #opened: Promise<void>;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #calls = 0;
  /** Keys that the server has said to have changed. */
  readonly changed: Set<string> = new Set();

  constructor(port: number) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['hotset.v1']);
    this.#opened = new Promise((resolve, reject) => this.#socket.on('open', resolve).on('error', reject));
    this.#socket.on('message', (data) => {
      for (const message of [JSON.parse(String(data))].flat()) {
        if ('id' in message) this.#answers.get(message.id)!(message.result);
        else for (const key of [message.params.key ?? message.params.keys].flat()) this.changed.add(key);
      }
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the methods have different results
  async call(method: string, params: object = {}): Promise<any> {
    await this.#opened;
    const id = ++this.#calls;
    const answer = new Promise((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return await answer;
  }

  close(): void {
    this.#socket.terminate();
  }
}

async function webPort(command: Command): Promise<number> {
  return Number(/^live view: http:\/\/.*:(\d+)\/$/m.exec(await command.greeting())![1]);
}

it.skipIf(CAPABLE.length > 0)('is skipped here: HOTSET_NODES names no Node from 22.12 on', ({ skip }) =>
  skip(),
);

describe.each(CAPABLE)('on Node %s', (_version, node) => {
  it('flushes later and changes the budget', async () => {
    const command = startThreads(node, ['-m', '48']);
    const all = await clients(command);
    const [first, second] = all as [Client, Client];
    const value = 'x'.repeat(500_000);
    for (let i = 0; i < 80; i++)
      await all[i % CLIENTS]!.ask(`set key${i} 0 0 ${value.length}\r\n${value}\r\n`, /STORED/);
    await first.ask('flush_all 1\r\n', /OK/);
    await second.ask('cache_memlimit 24\r\n', /OK/);
    for (const client of all)
      expect(await client.ask('stats\r\n', /END/)).toContain(`STAT limit_maxbytes ${24 * MIB}\r\n`);
    await expect
      .poll(async () => Number(/STAT bytes (\d+)/.exec(await first.ask('stats\r\n', /END/))![1]))
      .toBeLessThanOrEqual(24 * MIB);
    await expect
      .poll(async () => await second.ask('get key79\r\n', /END\r\n$/), { timeout: 5000 })
      .toBe('END\r\n');
    for (const client of all)
      expect(await client.ask('get key79 key78 key77\r\n', /END\r\n$/)).toBe('END\r\n');
    // What comes a second later stays.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await first.ask('set later 0 0 1\r\nx\r\n', /STORED/);
    for (const client of all) expect(await client.ask('get later\r\n', /END\r\n$/)).toContain('VALUE');
    leave(all);
  });

  it('reads certificates and users again', async () => {
    const path = folder();
    const file = join(path, 'both.pem');
    const users = join(path, 'users');
    const [before, after] = ['before', 'after'].map((name) => certificate(name));
    writeFileSync(file, before!.cert + before!.key);
    writeFileSync(users, 'ann:old\n', { mode: 0o600 });
    const command = startThreads(node, ['-Z', '-o', `ssl_chain_cert=${file}`, '-Y', users]);
    const port = await command.port();
    /** Of so many new clients: the servers' names, and the answers to a password. */
    const seen = async (password: string): Promise<readonly [Set<unknown>, Set<string>]> => {
      const all = Array.from({ length: CLIENTS }, () => {
        const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
        return new Client(port, socket);
      });
      const text = `ann ${password}`;
      const answers = await Promise.all(
        all.map((client) => client.ask(`set a 0 0 ${text.length}\r\n${text}\r\n`, /\r\n/)),
      );
      const names = all.map(({ socket }) => (socket as TLSSocket).getPeerCertificate().subject.CN);
      leave(all);
      return [new Set(names), new Set(answers)];
    };
    expect(await seen('old')).toEqual([new Set(['before']), new Set(['STORED\r\n'])]);
    writeFileSync(file, after!.cert + after!.key);
    writeFileSync(users, 'ann:new\n', { mode: 0o600 });
    command.signal('SIGHUP');
    await expect
      .poll(async () => await seen('new'), { timeout: 5000 })
      .toEqual([new Set(['after']), new Set(['STORED\r\n'])]);
  });

  it('shows metrics, figures, hot keys and changes of all threads', async () => {
    const command = startThreads(node, ['--http', '-1']);
    const all = await clients(command);
    const caller = new Caller(await webPort(command));
    await caller.call('subscribe', { prefixes: ['key:'] });
    await caller.call('hot');
    for (const [i, client] of all.entries()) {
      await client.ask(`set key:${i} 0 0 1\r\nx\r\n`, /STORED/);
      await client.ask('get key:0\r\n', /END/);
    }
    await expect.poll(() => caller.changed.size).toBe(CLIENTS);
    await expect
      .poll(async () => {
        const { reads, keys } = await caller.call('hot');
        return [reads, keys[0]];
      })
      .toMatchObject([CLIENTS, { key: 'key:0', reads: CLIENTS }]);
    expect(await caller.call('stats')).toMatchObject({
      engine: { size: CLIENTS, hits: CLIENTS, stores: CLIENTS },
      commands: { cmd_set: CLIENTS, get_hits: CLIENTS },
      connections: { current: CLIENTS + 1 },
    });
    const families = readExposition((await ask(await webPort(command), '/metrics')).body);
    const samples = (name: string) => families.get(name)!.samples;
    expect(samples('memcached_current_connections')[0]!.value).toBe(CLIENTS + 1);
    expect(samples('hotset_entries')[0]!.value).toBe(CLIENTS);
    expect(samples('memcached_commands_total')).toContainEqual({
      name: 'memcached_commands_total',
      labels: { command: 'get', status: 'hit' },
      value: CLIENTS,
    });
    caller.close();
    leave(all);
  });
});
