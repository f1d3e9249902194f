/** The `hotset` command as a process that a spec can watch, signal and end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { HOTSET_MAIN } from '../support/project.js';

const started: Command[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const command of started.splice(0)) await command.kill();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A folder that goes after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  folders.push(path);
  return path;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';

  /** `main`: the command's script, where it is not the project's own; `node`: what runs it. */
  constructor(
    flags: readonly string[],
    env: NodeJS.ProcessEnv = {},
    main: string = HOTSET_MAIN,
    node: string = process.execPath,
  ) {
    // What vitest gives its workers is not what a user's shell gives the command.
    const { NODE_OPTIONS, MEMCACHED_PORT_FILENAME, ...rest } = process.env;
    this.child = spawn(node, [main, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...rest, ...env },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
    started.push(this);
  }

  /** The greeting, when it comes; throws when the command ends before. */
  async greeting(): Promise<string> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    const deadline = Date.now() + 30_000;
    while (!this.stdout.includes('\n')) {
      if (over || Date.now() > deadline)
        throw new Error(`no greeting from hotset: ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.stdout;
  }

  /** The port of the first TCP address of the greeting. */
  async port(): Promise<number> {
    return Number(/ on [^ ]*?:(\d+)/.exec(await this.greeting())![1]);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs the command to its end. */
export async function run(
  flags: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = new Command(flags, env);
  const { code } = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** Starts the command on any free port. */
export function start(flags: readonly string[] = [], env?: NodeJS.ProcessEnv, node?: string): Command {
  return new Command(['-p', '-1', ...flags], env, undefined, node);
}

/** Sends `text`, then waits until the server ends the connection; returns all replies. */
export async function talk(where: number | string, text: string, host = '127.0.0.1'): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = typeof where === 'number' ? connect(where, host) : connect(where);
    let reply = '';
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      reply += data;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(reply));
    socket.write(text, 'latin1');
  });
}
