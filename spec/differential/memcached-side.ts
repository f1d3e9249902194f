/**
 * The real memcached as the fuzzer talks to it: on a Unix socket, and with a clock that stands still until it is
 * moved, by Debian's faketime.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { missingTool } from '../support/external-tool.js';
import type { MemcachedBinary, MemcachedRelease } from '../support/memcached-binaries.js';
import { memcachedBinaries } from '../support/memcached-binaries.js';

const LIBRARIES = '/usr/lib';

/** The library for programs with threads, wherever this machine's architecture has it. */
function faketimeLibrary(): string | undefined {
  const candidates = readdirSync(LIBRARIES).map((name) => `${name}/faketime`);
  for (const folder of candidates.concat('faketime')) {
    try {
      if (readdirSync(join(LIBRARIES, folder)).includes('libfaketimeMT.so.1'))
        return join(LIBRARIES, folder, 'libfaketimeMT.so.1');
    } catch {
      // Most of the folders have none.
    }
  }
  return undefined;
}

/** The memcached binaries that known-differences.ts speaks of, and the means to move their clocks. */
export function memcachedsWithClock(): readonly MemcachedBinary[] {
  return memcachedBinaries().map((binary) => {
    if (binary.missing) return binary;
    if (binary.release === 'other')
      return { ...binary, ...missingTool(`needs memcached 1.6.18, this is ${binary.name}`) };
    return faketimeLibrary() === undefined
      ? { ...binary, ...missingTool("needs Debian's faketime") }
      : binary;
  });
}

const TIME = /STAT time (\d+)\r\n/;

export class MemcachedSide {
  /** Unix time, as memcached sees it. */
  now: number;
  readonly release: MemcachedRelease;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #control!: MemcachedConnection;

  private constructor({ command, release }: MemcachedBinary, unixSeconds: number) {
    this.now = unixSeconds;
    this.release = release;
    this.#folder = mkdtempSync(join(tmpdir(), 'hotset-differential-'));
    this.#setClock();
    const user = userInfo().uid === 0 ? ['-u', 'root'] : [];
    // The budget is ample: what is evicted when is each server's own. And no thread works on items by itself: it
    // holds them for a moment, in which incr and decr do not pad.
    // And a packet is worked on in one go: what comes next is about the state after it.
    const options = '-t 1 -m 1024 -R 1000000 -o no_lru_maintainer,no_lru_crawler'.split(' ');
    this.#process = spawn(command, ['-s', this.#path, ...options, ...user], {
      stdio: 'ignore',
      env: {
        ...process.env,
        LD_PRELOAD: faketimeLibrary(),
        FAKETIME_TIMESTAMP_FILE: this.#clockFile,
        FAKETIME_NO_CACHE: '1',
        TZ: 'UTC',
      },
    });
  }

  static async start(binary: MemcachedBinary, unixSeconds: number): Promise<MemcachedSide> {
    const side = new MemcachedSide(binary, unixSeconds);
    for (let tries = 0; ; tries++) {
      try {
        side.#control = await side.connect();
        return side;
      } catch (error) {
        if (tries === 500) throw error;
        await setTimeout(10);
      }
    }
  }

  async connect(): Promise<MemcachedConnection> {
    for (;;) {
      try {
        return await MemcachedConnection.open(this.#path);
      } catch (error) {
        // More have come than memcached has taken: it is busy, or the machine is.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await setTimeout(1);
      }
    }
  }

  /** Moves the clock and waits until memcached knows. */
  async advance(seconds: number): Promise<void> {
    this.now += seconds;
    this.#setClock();
    for (;;) {
      // A new connection wakes the thread that owns the clock.
      (await this.connect()).close();
      if (Number(TIME.exec(await this.stats())?.[1]) === this.now) return;
    }
  }

  /** The general statistics. */
  async stats(): Promise<string> {
    this.#control.send(Buffer.from('stats\r\n'));
    return await this.#control.until((text) => text.endsWith('END\r\n'), 5000);
  }

  /**
   * Waits until memcached has read all that has been sent. Its one worker serves connections in the order of arrival,
   * but a new one comes to it by way of another thread: so does the one that asks here.
   */
  async settle(): Promise<void> {
    const latest = await this.connect();
    for (const connection of [latest, this.#control]) {
      connection.send(Buffer.from('mn\r\n'));
      await connection.until((text) => text === 'MN\r\n', 5000);
    }
    latest.close();
  }

  /** Forgets what has been stored, and a flush_all that is still to come. */
  async clear(): Promise<void> {
    this.#control.send(Buffer.from('flush_all\r\nstats reset\r\n'));
    await this.#control.until((text) => text === 'OK\r\nRESET\r\n', 5000);
  }

  /** By force: a process whose clock stands still waits for ever to end by itself. */
  async stop(): Promise<void> {
    this.#control.close();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#folder, 'socket');
  }

  get #clockFile(): string {
    return join(this.#folder, 'clock');
  }

  #setClock(): void {
    const text = new Date(this.now * 1000).toISOString().slice(0, 19).replace('T', ' ');
    writeFileSync(`${this.#clockFile}.new`, text);
    renameSync(`${this.#clockFile}.new`, this.#clockFile);
  }
}

export class MemcachedConnection {
  readonly #socket: Socket;
  #received = '';
  #wake: () => void = () => {};
  closed = false;
  /** The server has closed before it had read everything: what it had written last may be lost. */
  reset = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    const end = (): void => {
      this.closed = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', () => {
      this.reset = true;
      end();
    });
  }

  static async open(path: string): Promise<MemcachedConnection> {
    const socket = connect({ path, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new MemcachedConnection(socket);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Takes all that has arrived once it is `enough`, the server has closed, or the patience is at its end. */
  async until(enough: (reply: string) => boolean, patienceMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    while (!this.closed && !late && !enough(this.#received)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer ??= globalThis.setTimeout(() => {
          late = true;
          this.#wake();
        }, patienceMs);
      });
    }
    clearTimeout(timer);
    const reply = this.#received;
    this.#received = '';
    return reply;
  }

  /** Sends no more, and takes what is still answered. */
  async finish(patienceMs: number): Promise<string> {
    this.#socket.end();
    const rest = await this.until(() => false, patienceMs);
    this.close();
    return rest;
  }

  close(): void {
    this.#socket.destroy();
  }
}
