/** `-t`: several threads that clients see as one server. They share a port from Node 22.12 on: HOTSET_NODES names one. */

import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { threadsFor } from '../../lib/cli/threads.js';
import { NODES } from '../weigh/node-versions.js';
import { Command, folder, start, talk } from './command.js';

const THREADS = 3;

it.each([
  ['20.19.0', 4, 1],
  ['22.11.0', 4, 1],
  ['22.12.0', 4, 4],
  ['23.0.0', 4, 1],
  ['23.1.0', 4, 4],
  ['26.0.0', 4, 4],
  ['26.0.0', 1, 1],
  ['26.0.0', 100, 64],
  ['20.19.0', 1, 1],
])('on Node %s, -t %d is %d on Linux', (version, asked, threads) => {
  if (process.platform !== 'linux') return;
  const plan = threadsFor({ threads: asked } as never, version);
  expect(plan.threads).toBe(threads);
  expect(plan.warning === null).toBe(asked === threads);
});

/** Nodes that can share a port between threads. */
const CAPABLE = NODES.filter(
  ([version]) => threadsFor({ threads: 2 } as never, version.slice(1)).threads === 2,
);

it.runIf(CAPABLE.length === 0)(
  'serves with one thread here, and says so: HOTSET_NODES names no newer Node',
  async () => {
    const command = start(['-t', '4']);
    expect(await talk(await command.port(), 'stats\r\nquit\r\n')).toContain('STAT threads 1\r\n');
    expect(command.stderr).toContain('-t 4 needs Node 22.12 or newer');
  },
);

/** A connection that stays. */
class Client {
  readonly socket: Socket;
  #text = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
    });
  }

  /** Sends a request; returns all that has come when `end` is there. */
  async ask(request: string, end: RegExp): Promise<string> {
    this.#text = '';
    this.socket.write(request);
    return await this.until(end);
  }

  async until(end: RegExp): Promise<string> {
    const deadline = Date.now() + 20_000;
    while (!end.test(this.#text)) {
      if (Date.now() > deadline) throw new Error(`no ${end} in ${JSON.stringify(this.#text)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#text;
  }
}

describe.each(CAPABLE)('on Node %s', (_version, node) => {
  function startThreads(flags: readonly string[] = []): Command {
    return start(['-t', `${THREADS}`, ...flags], {}, node);
  }

  /** The system decides which thread a connection goes to: with so many, each has some. */
  async function clients(command: Command): Promise<Client[]> {
    const port = await command.port();
    return Array.from({ length: 24 }, () => new Client(port));
  }

  it('is one server to clients', async () => {
    const command = startThreads();
    const all = await clients(command);
    for (const [i, client] of all.entries()) await client.ask(`set key${i} 0 0 1\r\nx\r\n`, /STORED/);
    for (const [i, client] of all.entries())
      expect(await client.ask(`get key${(i + 7) % 24}\r\n`, /END/)).toContain('VALUE');
    const [first, second] = all as [Client, Client];
    const stats = await first.ask('stats\r\n', /END/);
    for (const line of ['threads 3', 'curr_connections 24', 'cmd_set 24', 'get_hits 24', 'curr_items 24'])
      expect(stats).toContain(`STAT ${line}\r\n`);
    const conns = await second.ask('stats conns\r\n', /END/);
    expect(conns.match(/conn_listening/g)).toHaveLength(THREADS);
    expect(conns.match(/:listen_addr/g)).toHaveLength(24);
    const ids = Array.from(conns.matchAll(/STAT (\d+):addr/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    await first.ask('verbosity 2\r\n', /OK/);
    await first.ask('stats reset\r\n', /RESET/);
    for (const client of all)
      expect(await client.ask('stats settings\r\n', /END/)).toContain('STAT verbosity 2\r\n');
    expect(await second.ask('stats\r\n', /END/)).toContain('STAT cmd_set 0\r\n');
    await second.ask('flush_all\r\n', /OK/);
    for (const client of all) expect(await client.ask('get key1\r\n', /END/)).toBe('END\r\n');
    for (const { socket } of all) socket.destroy();
  });

  it('shows a watcher what all threads do', async () => {
    const all = await clients(startThreads());
    const watcher = all.pop()!;
    await watcher.ask('watch mutations\r\n', /OK/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const [i, client] of all.entries()) await client.ask(`set key${i} 0 0 1\r\nx\r\n`, /STORED/);
    const log = await watcher.until(/(?:item_store[\s\S]*?){23}/);
    for (let i = 0; i < all.length; i++) expect(log).toContain(`key=key${i} `);
    for (const client of [watcher, ...all]) client.socket.destroy();
  });

  it('bounds connections over all threads', async () => {
    const command = startThreads(['-c', '10']);
    const port = await command.port();
    const open = Array.from({ length: 10 }, () => new Client(port));
    for (const client of open) await client.ask('version\r\n', /VERSION/);
    expect(await talk(port, 'version\r\n')).toContain('Too many open connections');
    for (const { socket } of open) socket.destroy();
  });

  it('stops as one, saves what all have stored, and loads it', async () => {
    const file = `${folder()}/items`;
    const command = startThreads(['-e', file, '-A']);
    const all = await clients(command);
    for (const [i, client] of all.entries()) await client.ask(`set key${i} 0 0 1\r\nx\r\n`, /STORED/);
    all[0]!.socket.write('shutdown\r\n');
    expect((await command.ended).code).toBe(0);
    const again = startThreads(['-e', file]);
    expect(await talk(await again.port(), 'stats\r\nquit\r\n')).toContain('STAT curr_items 24\r\n');
    again.signal('SIGTERM');
    expect((await again.ended).code).toBe(0);
  });

  it('does not share its port with another server', async () => {
    const port = await startThreads().port();
    const other = new Command(['-p', `${port}`, '-t', '2'], {}, undefined, node);
    expect((await other.ended).code).toBe(1);
    expect(other.stderr).toContain('-p');
  });
});
