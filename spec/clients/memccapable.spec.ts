/** libmemcached's own test of servers: what memcached passes, hotset passes. */

import { describe, expect, it } from 'vitest';
import { libmemcachedTools, memcachedTool } from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { startMemcached } from '../support/memcached-process.js';
import { runCommand } from '../support/run-command.js';

/** The tests of the text protocol, each with what memccapable says of it. */
async function verdicts(start: () => Promise<RunningServer>): Promise<Record<string, string>> {
  const server = await start();
  try {
    const { stdout } = await runCommand('memccapable', ['-a', '-h', '127.0.0.1', '-p', String(server.port)]);
    const lines = stdout.matchAll(/^(ascii .*?) +\[(\w+)\]$/gm);
    return Object.fromEntries(Array.from(lines, ([, name, verdict]) => [name, verdict]));
  } finally {
    await server.stop();
  }
}

const NEEDED = [libmemcachedTools(), memcachedTool()];
const HINT = NEEDED.map((tool) => tool.hint).join('');

describe.skipIf(HINT !== '')(`memccapable${HINT}`, () => {
  it('passes every test of the text protocol that memcached passes', async () => {
    const [ours, theirs] = await Promise.all([
      verdicts(() => startHotset()),
      verdicts(() => startMemcached()),
    ]);
    expect(Object.keys(theirs).length).toBeGreaterThan(20);
    expect(ours).toEqual(theirs);
    expect(new Set(Object.values(ours))).toEqual(new Set(['pass']));
  });
});
