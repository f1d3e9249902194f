/**
 * systemd's notifications, for units of `Type=notify`: ready, stopping, a line of status, and the watchdog. They are
 * datagrams to a Unix socket, which Node cannot send: systemd's own `systemd-notify` does, one at a time and in order, except for
 * the last: the process may end before its turn comes. Without NOTIFY_SOCKET nothing happens.
 */

import { spawn } from 'node:child_process';

const COMMAND = 'systemd-notify';
/** Messages that wait for the ones before; further ones are dropped. */
const WAITING_MAX = 8;

export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  readonly #log: (message: string) => void;
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isOver = false;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(env: NodeJS.ProcessEnv, log: (message: string) => void) {
    this.#env = env;
    this.#log = log;
  }

  /** The server serves. From here on the watchdog hears of it as often as it wants to. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${status}`);
    const { WATCHDOG_USEC: period, WATCHDOG_PID: pid = String(process.pid) } = this.#env;
    const periodMs = Number(period) / 1000;
    if (!(periodMs > 0) || pid !== String(process.pid) || this.#env.NOTIFY_SOCKET === undefined) return;
    // The event loop has its turn: that is what it says.
    this.#watchdog = setInterval(() => this.#send('WATCHDOG=1'), periodMs / 2).unref();
  }

  /** What `systemctl status` shows. */
  status(text: string): void {
    this.#send(`STATUS=${text}`);
  }

  stopping(): void {
    clearInterval(this.#watchdog);
    if (this.#isSilent) return;
    this.#isOver = true;
    void this.#run(['STOPPING=1', 'STATUS=stopping']);
  }

  get #isSilent(): boolean {
    return this.#isOver || !this.#env.NOTIFY_SOCKET;
  }

  #send(...assignments: string[]): void {
    if (this.#isSilent || this.#waiting >= WAITING_MAX) return;
    this.#waiting++;
    this.#sending = this.#sending.then(async () => {
      if (!this.#isOver) await this.#run(assignments);
      this.#waiting--;
    });
  }

  async #run(assignments: readonly string[]): Promise<void> {
    await new Promise<void>((resolve) => {
      const child = spawn(COMMAND, assignments, { stdio: 'ignore', env: this.#env });
      child.on('error', (error) => {
        this.#isOver = true;
        this.#log(`NOTIFY_SOCKET is set, and ${COMMAND} cannot be run: ${error.message}`);
        resolve();
      });
      child.on('close', () => resolve());
      child.unref();
    });
  }
}
