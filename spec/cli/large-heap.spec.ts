/** A memory limit above what the default heap holds: the command runs itself again with a larger one. */

import { readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { heapLimitBytes, maxBytesFor } from '../../lib/cli/heap.js';
import { type Command, start, talk } from './command.js';

const MIB = 1024 * 1024;
/** More than a default heap holds; nothing of it is used here. */
const LARGE_MIB = Math.ceil(maxBytesFor(heapLimitBytes()) / MIB) + 512;
const fits = totalmem() > (LARGE_MIB * 1.25 + 256) * MIB;

/** The process that serves: it says so itself. */
async function serverPid(port: number): Promise<number> {
  return Number(/STAT pid (\d+)/.exec(await talk(port, 'stats\r\nquit\r\n'))![1]);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie waits for whoever takes in orphans, and serves nobody.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function startLarge(
  flags: readonly string[] = [],
): Promise<{ command: Command; port: number; pid: number }> {
  const command = start(['-m', String(LARGE_MIB), ...flags]);
  const port = await command.port();
  return { command, port, pid: await serverPid(port) };
}

describe.runIf(fits && readdirSync('/').includes('proc'))('a memory limit above the default heap', () => {
  it('is served by a child with a larger heap', async () => {
    const { command, port, pid } = await startLarge();
    expect(pid).not.toBe(command.child.pid);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('--max-old-space-size=');
    expect(await talk(port, 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n')).toBe(
      'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('--max-semi-space-size=4');
    // The heap that it got holds what it promised.
    const mebibytes = Number(
      /--max-old-space-size=(\d+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))![1],
    );
    expect(maxBytesFor(mebibytes * MIB)).toBeGreaterThanOrEqual(LARGE_MIB * MIB);
    expect(command.stderr).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s reaches the child, and both end with 0', async (signal) => {
    const { command, pid } = await startLarge();
    command.signal(signal);
    command.signal(signal);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
  });

  it('shutdown ends both', async () => {
    const { command, port, pid } = await startLarge(['-A']);
    expect(await talk(port, 'shutdown\r\n')).toBe('');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
  });

  it('a parent that is killed takes the child with it', async () => {
    const { command, pid } = await startLarge();
    command.signal('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    await command.ended;
  });

  it('a child that is killed ends the parent in the same way', async () => {
    const { command, pid } = await startLarge();
    process.kill(pid, 'SIGKILL');
    expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('a busy port is complained of once, and the exit code is the child’s', async () => {
    const { port } = await startLarge();
    const second = start(['-m', String(LARGE_MIB), '-p', String(port)]);
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stderr).toMatch(/^hotset: 127\.0\.0\.1:\d+ is in use by another process; .*\n$/);
  });
});

it('a heap that the user has set is left alone, with a warning', async () => {
  const command = start(['-m', '1024'], { NODE_OPTIONS: '--max-old-space-size=256' });
  const port = await command.port();
  expect(await serverPid(port)).toBe(command.child.pid);
  expect(command.stderr).toMatch(
    /^hotset: a memory limit of 1024 MiB needs a heap of about 1408 MiB, and --max-old-space-size allows \d+ MiB: .*\n$/,
  );
  // And cache_memlimit cannot promise more than the heap holds.
  expect(await talk(port, 'cache_memlimit 4096\r\nquit\r\n')).toBe(
    'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n',
  );
});

it('a limit above the machine’s memory is warned of once, and started', async () => {
  const command = start(['-m', String(Math.ceil((totalmem() * 2) / MIB))]);
  expect(await talk(await command.port(), 'version\r\nquit\r\n')).toMatch(/^VERSION /);
  expect(command.stderr).toMatch(
    /^hotset: a memory limit of \d+ MiB needs about \d+ MiB, and there are \d+ MiB: .*\n$/,
  );
});
