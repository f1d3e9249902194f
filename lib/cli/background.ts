/**
 * The background: runs this very command once more, detached from the terminal. The child reports when it serves; until
 * then this process waits, and ends as the child ends. And the end of npm, where npm has started the server.
 */

import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { printError } from './log.js';

/** What a child finds in its environment. */
const DAEMON_MARK = 'HOTSET_DAEMON_CHILD';
/** What a child reports. */
const SERVES = 'serves';
/** How often a server that npm has started checks whether npm is still running. */
const NPM_CHECK_MS = 1000;

export function isDaemon(): boolean {
  return process.env[DAEMON_MARK] !== undefined;
}

/**
 * Ends with 0 when the child serves, and as the child ends if it does not come to that. `script` is the file that this
 * command was started with.
 */
export function runInBackground(script: string, argv: readonly string[], keepsPipe: boolean): void {
  const child = spawn(process.execPath, [...process.execArgv, script, ...argv], {
    stdio: ['ignore', 'ignore', isLog(keepsPipe) ? 'inherit' : 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, [DAEMON_MARK]: '1' },
  });
  child.stderr?.on('data', (text: Buffer) => process.stderr.write(text));
  child.on('message', (message) => {
    // The child's warnings are in the pipe: one more look at it.
    if (message === SERVES) setImmediate(() => setImmediate(() => process.exit(0)));
  });
  child.on('error', (error) => {
    printError(`cannot start a process: ${error.message}`);
    process.exit(1);
  });
  child.on('close', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Whether a daemon may keep writing to stderr: a file, a device, systemd's journal. The reader of a pipe may wait for
 * its end, and gets only what comes before the daemon serves, unless `keepsPipe`: memcached
 * keeps it with -v.
 */
function isLog(keepsPipe: boolean): boolean {
  try {
    const stats = fstatSync(2);
    if (stats.isFIFO()) return keepsPipe;
    return !stats.isSocket() || process.env.JOURNAL_STREAM === `${stats.dev}:${stats.ino}`;
  } catch {
    // It is closed.
    return false;
  }
}

/** Reports to a parent that waits that this process serves; stops it when npm, which has started it, is gone. */
export function reportServing(onOrphaned: () => void): void {
  if (process.send === undefined || !isDaemon()) endWithNpm(onOrphaned);
  else if (process.connected) process.send(SERVES, () => process.disconnect());
}

/** `npm start` forwards SIGTERM and SIGINT; when it dies of anything else, the server would be left running unnoticed. */
function endWithNpm(onOrphaned: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    onOrphaned();
  }, NPM_CHECK_MS).unref();
}
