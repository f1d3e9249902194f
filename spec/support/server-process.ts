/** A server in a process of its own: started for a spec, stopped by SIGTERM. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

export class ServerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  readonly #command: string;
  /** Why the process could not be started. */
  #error: Error | null = null;
  /** What the process has written so far. */
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#command = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#child.on('error', (error) => {
      this.#error = error;
    });
    this.#closed = new Promise((resolve) => this.#child.on('close', resolve));
  }

  /** Waits until `ready` finds something; throws when the process ends or `timeoutMs` pass before that. */
  async until<T>(ready: () => T | undefined, timeoutMs = 20_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = ready();
      if (found !== undefined) return found;
      if (this.#error !== null) throw this.#error;
      if (this.#child.exitCode !== null)
        throw new Error(`${this.#command} ended before it was ready: ${this.#output()}`);
      if (Date.now() > deadline) {
        this.#child.kill('SIGKILL');
        throw new Error(`${this.#command} was not ready in ${timeoutMs} ms: ${this.#output()}`);
      }
      await setTimeout(5);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it as a crash does, and waits for the end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Sends SIGTERM and waits for the end; throws unless the exit code is 0. */
  async stop(timeoutMs = 20_000): Promise<void> {
    this.#child.kill('SIGTERM');
    const inTime = await Promise.race([
      this.#closed.then(() => true),
      setTimeout(timeoutMs, false, { ref: false }),
    ]);
    if (!inTime) this.#child.kill('SIGKILL');
    await this.#closed;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0)
      throw new Error(`${this.#command} ended with ${signalCode ?? exitCode}, not with 0: ${this.#output()}`);
  }

  #output(): string {
    return `\n${this.stdout}${this.stderr}`;
  }
}
