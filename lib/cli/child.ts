/**
 * Runs this very command once more, in a process that serves: with a larger heap, in the background, or both.
 * The child reports when it serves; until then, or as long as it lives, this process forwards its signals and exit code.
 */

import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { printError } from './log.js';

/** What a child finds in its environment. */
const HEAP_MARK = 'HOTSET_HEAP_CHILD';
const DAEMON_MARK = 'HOTSET_DAEMON_CHILD';
/** What a child reports: that signals do not end it any more, and that it serves. */
const HANDLES_SIGNALS = 'handles signals';
const SERVES = 'serves';
/**
 * MiB of each half of V8's young generation, where it makes 16 by itself. Nearly all that a cache stores outlives
 * it: the collector stops the server more often, for less than half as long, and 36 MiB less are resident. It is
 * fixed when a process starts.
 */
const SEMI_SPACE_MEBIBYTES = 4;
/** How often a server that npm has started checks whether npm is still running. */
const NPM_CHECK_MS = 1000;
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGHUP'];

export interface ChildCommand {
  readonly script: string;
  readonly argv: readonly string[];
  /** Undefined for Node's default. */
  readonly oldSpaceMebibytes: number | undefined;
}

export function isHeapChild(): boolean {
  return process.env[HEAP_MARK] !== undefined;
}

export function isDaemon(): boolean {
  return process.env[DAEMON_MARK] !== undefined;
}

/** Forwards signals, and ends as the child ends. */
export function runInChild(command: ChildCommand, onServing: () => void): void {
  const child = spawn(process.execPath, args(command), {
    // The channel closes when this process dies in a way that no signal handler sees.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [HEAP_MARK]: '1' },
  });
  // Before it handles signals, one would end the child.
  let pending: NodeJS.Signals[] | null = [];
  for (const signal of FORWARDED)
    process.on(signal, () => (pending === null ? child.kill(signal) : pending.push(signal)));
  child.on('message', (message) => {
    for (const signal of pending ?? []) child.kill(signal);
    pending = null;
    if (message === SERVES) onServing();
  });
  child.on('error', (error) => fail(command, error));
  child.on('exit', (code, signal) => endAs(code, signal));
  endWithNpm(() => child.kill('SIGTERM'));
}

/** Ends with 0 when the child serves, and as the child ends if it does not come to that. */
export function runInBackground(command: ChildCommand, keepsPipe: boolean): void {
  const keepsLog = isLog(keepsPipe);
  const child = spawn(process.execPath, args(command), {
    stdio: ['ignore', 'ignore', keepsLog ? 'inherit' : 'pipe', 'ipc'],
    detached: true,
    env: {
      ...process.env,
      [DAEMON_MARK]: '1',
      ...(command.oldSpaceMebibytes === undefined ? {} : { [HEAP_MARK]: '1' }),
    },
  });
  child.stderr?.on('data', (text: Buffer) => process.stderr.write(text));
  child.on('message', (message) => {
    // The child's warnings are in the pipe: one more look at it.
    if (message === SERVES) setImmediate(() => setImmediate(() => process.exit(0)));
  });
  child.on('error', (error) => fail(command, error));
  child.on('close', (code, signal) => endAs(code, signal));
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

/** In a child, as soon as it can: lets the parent forward signals. */
export function reportHandlingSignals(): void {
  if (isHeapChild() && process.connected) process.send?.(HANDLES_SIGNALS);
}

/** Reports to a parent that it serves, and stops when the parent is gone, which a daemon's is by intent. */
export function reportServing(onOrphaned: () => void): void {
  if (process.send === undefined || !(isHeapChild() || isDaemon())) {
    endWithNpm(onOrphaned);
    return;
  }
  if (isDaemon()) {
    if (process.connected) process.send(SERVES, () => process.disconnect());
    return;
  }
  if (!process.connected) {
    onOrphaned();
    return;
  }
  process.send(SERVES);
  process.on('disconnect', onOrphaned);
  process.channel!.unref();
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

/** Whether one of V8's flags was passed to Node or in NODE_OPTIONS, and stays as it is; V8 takes `_` for `-`. */
export function isV8FlagGiven(name: string): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) =>
    text.replaceAll('_', '-').includes(`--${name}`),
  );
}

function args({ oldSpaceMebibytes, script, argv }: ChildCommand): string[] {
  const heap = oldSpaceMebibytes === undefined ? [] : [`--max-old-space-size=${oldSpaceMebibytes}`];
  const isYoungSized = isV8FlagGiven('max-semi-space-size') || isV8FlagGiven('min-semi-space-size');
  const young = isYoungSized ? [] : [`--max-semi-space-size=${SEMI_SPACE_MEBIBYTES}`];
  return [...process.execArgv, ...young, ...heap, script, ...argv];
}

function endAs(code: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) process.exit(code ?? 1);
  for (const name of FORWARDED) process.removeAllListeners(name);
  process.kill(process.pid, signal);
}

function fail({ oldSpaceMebibytes }: ChildCommand, error: Error): void {
  const what =
    oldSpaceMebibytes === undefined ? 'a process' : `a process with a heap of ${oldSpaceMebibytes} MiB`;
  printError(`cannot start ${what}: ${error.message}`);
  process.exit(1);
}
