import { describe, expect, it } from 'vitest';
import type { RedisServers } from '../../../lib/tiered/redis/clients.js';
import { JoinedGets } from '../../../lib/tiered/redis/joined-gets.js';

const { signal } = new AbortController();

/** Servers that have the key itself under each key but `absent`, and fail for `bad`. */
function joined(isCluster = false): { gets: JoinedGets; commands: unknown[] } {
  const commands: unknown[] = [];
  const stored = (key: unknown): unknown => (key === 'absent' ? null : `v:${key}`);
  const servers = {
    isCluster,
    sendTo: (_key: string, [name, ...keys]: unknown[]) => {
      commands.push([name, ...keys]);
      if (keys.includes('thrown')) throw new Error('thrown at once');
      return replyTo(name, keys);
    },
  } as unknown as RedisServers;
  const replyTo = async (name: unknown, keys: unknown[]): Promise<unknown> => {
    if (keys.includes('bad')) throw new Error('bad');
    return name === 'get' ? stored(keys[0]) : keys.map(stored);
  };
  return { gets: new JoinedGets(servers), commands };
}

/** After everything that waits for promises only. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('reads of single keys', () => {
  it('are one command where they begin in one turn, however long their promises took', async () => {
    const { gets, commands } = joined();
    const late = async (key: string, steps: number): Promise<unknown> => {
      for (let step = 0; step < steps; step++) await undefined;
      return gets.get(key, signal);
    };
    const all = await Promise.all([late('a', 0), late('absent', 5), late('b', 30), late('a', 1)]);
    expect(all).toEqual(['v:a', null, 'v:b', 'v:a']);
    expect(commands).toEqual([['mget', 'a', 'a', 'absent', 'b']]);
    await nextTurn();
    expect(await gets.get('c', signal)).toBe('v:c');
    expect(commands.slice(1)).toEqual([['get', 'c']]);
  });

  it('fail together, and the next ones do not', async () => {
    const { gets } = joined();
    const outcomes = await Promise.allSettled([gets.get('a', signal), gets.get('bad', signal)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(gets.get('thrown', signal)).rejects.toThrow('at once');
    expect(await gets.get('a', signal)).toBe('v:a');
  });

  it('are apart with other signals, above 64 keys, and in a cluster', async () => {
    const { gets, commands } = joined();
    const other = new AbortController().signal;
    await Promise.all([gets.get('a', signal), gets.get('b', other)]);
    expect(commands).toEqual([
      ['get', 'a'],
      ['get', 'b'],
    ]);
    commands.length = 0;
    const keys = Array.from({ length: 65 }, (_, at) => `${at}`);
    expect(await Promise.all(keys.map((key) => gets.get(key, signal)))).toEqual(
      keys.map((key) => `v:${key}`),
    );
    expect(commands.map((command) => (command as unknown[]).length)).toEqual([65, 2]);
    const cluster = joined(true);
    await Promise.all([cluster.gets.get('a', signal), cluster.gets.get('b', signal)]);
    expect(cluster.commands).toHaveLength(2);
  });
});
