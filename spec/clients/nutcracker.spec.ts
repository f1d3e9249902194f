/**
 * twemproxy (the command `nutcracker`) before three servers: where keys go, and what its clients meet
 * when a server stops and comes back under load.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nutcrackerTool } from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';

// Not 127.0.0.1, whose ports are taken by whoever connects there while a server is down.
const SERVER_HOST = '127.0.0.2';
const PROXY_HOST = '127.0.0.3';

const KEYS = Array.from({ length: 300 }, (_, number) => `key-${number}`);
const WORKERS = 6;

const nutcracker = nutcrackerTool();

describe.skipIf(nutcracker.missing)(`nutcracker${nutcracker.hint}`, () => {
  let directory: string;
  let proxy: ChildProcess;
  let proxyPort: number;
  let servers: RunningServer[] = [];
  const firstValues = new Map(KEYS.map((key) => [key, `value of ${key}`]));
  /** What each server has of them. */
  let shares: Map<string, string>[];

  beforeAll(async () => {
    servers = await Promise.all(KEYS.slice(0, 3).map(() => startHotset(['-l', SERVER_HOST])));
    directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
    const configuration = join(directory, 'nutcracker.yml');
    const [port, statsPort] = await freePorts(PROXY_HOST);
    proxyPort = port;
    writeFileSync(
      configuration,
      [
        'pool:',
        `  listen: ${PROXY_HOST}:${port}`,
        '  hash: fnv1a_64',
        '  distribution: ketama',
        '  auto_eject_hosts: true',
        '  server_failure_limit: 1',
        '  server_retry_timeout: 200',
        // Long, so that only a server that is down is taken for one, not a slow one.
        '  timeout: 15000',
        '  servers:',
        ...servers.map((server, index) => `   - ${SERVER_HOST}:${server.port}:1 server-${index}`),
        '',
      ].join('\n'),
    );
    const files = ['-o', join(directory, 'log'), '-p', join(directory, 'pid')];
    const stats = ['-a', PROXY_HOST, '-s', String(statsPort)];
    proxy = spawn('nutcracker', ['-c', configuration, ...files, ...stats], { stdio: 'ignore' });
    await until('nutcracker listens', () => {
      if (proxy.exitCode !== null) throw new Error(`nutcracker ended with ${proxy.exitCode}`);
      return answers(PROXY_HOST, proxyPort);
    });
    const connection = new Connection(PROXY_HOST, proxyPort);
    for (const [key, value] of firstValues) await connection.set(key, value);
    connection.close();
    shares = await storedOnAll();
  });
  afterAll(async () => {
    // It has no other end: SIGTERM kills it as well.
    if (proxy?.kill('SIGKILL')) await once(proxy, 'exit');
    await Promise.all(servers.map((server) => server.stop()));
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  async function storedOn(index: number): Promise<Map<string, string>> {
    const connection = new Connection(SERVER_HOST, servers[index]!.port);
    try {
      return await connection.get(KEYS);
    } finally {
      connection.close();
    }
  }

  const storedOnAll = (): Promise<Map<string, string>[]> =>
    Promise.all(servers.map((_, index) => storedOn(index)));

  it('spreads keys over all servers and finds them again', async () => {
    for (const share of shares) expect(share.size).toBeGreaterThan(KEYS.length / 6);
    const together = shares.flatMap((share) => [...share]);
    expect(together).toHaveLength(KEYS.length);
    expect(new Map(together)).toEqual(firstValues);
    const connection = new Connection(PROXY_HOST, proxyPort);
    expect(await connection.get(KEYS)).toEqual(firstValues);
    connection.close();
  });

  it('serves no wrong value while a server stops and comes back, and all keys afterwards', async () => {
    const down = 1;
    const load = new Load(proxyPort, firstValues);
    try {
      expect(await load.errorsAfter(2000)).toBe(0);

      const { port } = servers[down]!;
      await servers[down]!.stop();
      // Its keys go to the others, but for the moments in which it is tried again.
      load.watch(shares[down]!);
      await until('others have taken over', () => load.watchedSets > 200 && load.errors > 0);

      servers[down] = await startHotset(['-l', SERVER_HOST, '-p', String(port)]);
      await until('it has keys again', async () => (await storedOn(down)).size > 0);
      const errors = load.errors;
      expect(await load.errorsAfter(2000)).toBe(errors);
    } finally {
      await load.stop();
    }
    expect(load.wrong).toEqual([]);

    const connection = new Connection(PROXY_HOST, proxyPort);
    const lastValues = new Map(KEYS.map((key) => [key, `last value of ${key}`]));
    for (const [key, value] of lastValues) await connection.set(key, value);
    expect(await connection.get(KEYS)).toEqual(lastValues);
    connection.close();
    const found = await storedOnAll();
    shares.forEach((share, index) => {
      for (const key of share.keys()) expect(found[index]!.get(key)).toBe(lastValues.get(key));
    });
  });
});

/** Sets and gets without pause. Each key has one writer, so that it is known what may be read. */
class Load {
  readonly wrong: string[] = [];
  errors = 0;
  watchedSets = 0;
  #turns = 0;
  #watched: ReadonlyMap<string, unknown> = new Map();
  #stopping = false;
  /** What may be read of each key: what was stored last, and what was tried to be stored since. */
  readonly #possible: Map<string, Set<string>>;
  readonly #workers: Promise<unknown>;

  constructor(port: number, stored: ReadonlyMap<string, string>) {
    this.#possible = new Map(Array.from(stored, ([key, value]) => [key, new Set([value])]));
    const workers = Array.from({ length: WORKERS }, (_, worker) => this.#work(port, worker));
    this.#workers = Promise.all(workers);
  }

  /** Counts the sets of some keys that succeed from now on. */
  watch(keys: ReadonlyMap<string, unknown>): void {
    this.watchedSets = 0;
    this.#watched = keys;
  }

  /** Waits for so many more sets and gets; returns how many have failed up to then. */
  async errorsAfter(turns: number): Promise<number> {
    const end = this.#turns + turns;
    await until(`${turns} turns`, () => this.#turns >= end);
    return this.errors;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#workers;
  }

  async #work(port: number, worker: number): Promise<void> {
    const connection = new Connection(PROXY_HOST, port);
    const keys = KEYS.filter((_, index) => index % WORKERS === worker);
    for (let round = 1; !this.#stopping; round++) {
      for (const key of keys) {
        const value = `round ${round} of ${key}`;
        try {
          await connection.set(key, value);
          this.#possible.set(key, new Set([value]));
          if (this.#watched.has(key)) this.watchedSets++;
        } catch (error) {
          this.#count(error);
          this.#possible.get(key)!.add(value);
        }
        try {
          const found = (await connection.get([key])).get(key);
          if (found !== undefined && !this.#possible.get(key)!.has(found))
            this.wrong.push(`${key}: ${found}`);
        } catch (error) {
          this.#count(error);
        }
        this.#turns++;
      }
    }
    connection.close();
  }

  #count(error: unknown): void {
    if (!(error instanceof ServerError)) throw error;
    this.errors++;
  }
}

/** An answer that is an error; the connection stays usable. */
class ServerError extends Error {}

/** The text protocol, one command at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(host: string, port: number) {
    this.#socket = connect(port, host);
    this.#lines = createInterface({ input: this.#socket, crlfDelay: Number.POSITIVE_INFINITY })[
      Symbol.asyncIterator
    ]();
  }

  async set(key: string, value: string): Promise<void> {
    this.#socket.write(`set ${key} 0 0 ${value.length}\r\n${value}\r\n`);
    const answer = await this.#line();
    if (answer !== 'STORED') throw new ServerError(answer);
  }

  async get(keys: readonly string[]): Promise<Map<string, string>> {
    this.#socket.write(`get ${keys.join(' ')}\r\n`);
    const found = new Map<string, string>();
    for (;;) {
      const answer = await this.#line();
      if (answer === 'END') return found;
      const key = /^VALUE (\S+) /.exec(answer)?.[1];
      if (key === undefined) throw new ServerError(answer);
      found.set(key, await this.#line());
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error('the connection was closed');
    return value;
  }
}

async function until(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await setTimeout(10);
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePorts(host: string): Promise<[number, number]> {
  const holders = [createServer(), createServer()] as const;
  await Promise.all(holders.map((holder) => once(holder.listen(0, host), 'listening')));
  const [first, second] = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), 'close')));
  return [first!, second!];
}
