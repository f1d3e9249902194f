/** libmemcached's own test of servers: what memcached passes, hotset passes. */

import { describe, expect, it } from 'vitest';
import { libmemcachedTools, memcachedTool } from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { startMemcached } from '../support/memcached-process.js';
import { runCommand } from '../support/run-command.js';

/** The tests of one protocol, each with what memccapable says of it: "pass", or nothing. */
async function verdicts(start: () => Promise<RunningServer>, flag: string): Promise<Record<string, string>> {
  const server = await start();
  try {
    const { stdout } = await runCommand('memccapable', [flag, '-h', '127.0.0.1', '-p', String(server.port)]);
    // What fails is complained of elsewhere, and the next test stands on the same line.
    const found = stdout.matchAll(/((?:ascii|binary) \w+(?: \w+)?) {2,}(?:\[(\w+)\])?/g);
    return Object.fromEntries(Array.from(found, ([, name, verdict = '']) => [name, verdict]));
  } finally {
    await server.stop();
  }
}

const NEEDED = [libmemcachedTools(), memcachedTool()];
const HINT = NEEDED.map((tool) => tool.hint).join('');

// At once, because memccapable mostly waits for seconds to pass.
describe.skipIf(HINT !== '')(`memccapable${HINT}`, () => {
  it.concurrent.each([
    ['text', '-a'],
    ['binary', '-b'],
  ])('passes every test of the %s protocol that memcached passes', async (_, flag) => {
    const [ours, theirs] = await Promise.all([
      verdicts(() => startHotset(), flag),
      verdicts(() => startMemcached(), flag),
    ]);
    expect(Object.keys(theirs)).toHaveLength(27);
    expect(ours).toEqual(theirs);
    expect(new Set(Object.values(ours))).toEqual(new Set(['pass']));
  });
});
