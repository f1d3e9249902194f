/** Starts a server process at an address, and stops it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accepts } from './addresses.mjs';
import { familyOf } from './process-figures.mjs';

const START_MS = 10_000;
const GRACE_MS = 2_000;

/**
 * Resolves, once the server accepts connections, to `{ address, pids, output, errors, alive, stop }`. `stop` kills what has not
 * ended within `graceMs` of `signal`. `startMs`: how long the start may take.
 */
export async function startServer(command, address, { startMs = START_MS } = {}) {
  const [file, ...args] = command.map(String);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const exited = once(child, 'exit');
  const deadline = performance.now() + startMs;
  while (!(await accepts(address))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${[file, ...args].join(' ')} did not start\n${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const pids = familyOf(child.pid);
  const alive = () => child.exitCode === null && child.signalCode === null;
  const stop = async ({ signal = /** @type {NodeJS.Signals} */ ('SIGTERM'), graceMs = GRACE_MS } = {}) => {
    // A parent that stands for its child hands this on.
    child.kill(signal);
    const late = setTimeout(() => pids.forEach(kill), graceMs);
    await exited;
    clearTimeout(late);
    pids.forEach(kill);
  };
  return { address, pids, output: () => output, errors: () => errors, alive, stop };
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
