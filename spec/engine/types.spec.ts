/** What has to compile: the type checker reads it, and running it shows that it is also true. */

import { expect, it } from 'vitest';
import { CacheEngine, type Change, type StoreOptions } from '../../lib/index.js';

interface User {
  name: string;
}

function sizeOfAny(engine: CacheEngine<unknown, unknown>): number {
  return engine.size;
}

it('an engine of users is accepted where an engine of any type is expected', () => {
  const users = new CacheEngine<string, User>({ onRemoval: (key, user) => void [key.length, user.name] });
  users.set('ann', { name: 'Ann' });
  expect(sizeOfAny(users)).toBe(1);
});

it('options that may be undefined are taken as they are', () => {
  const maybe = (): number | undefined => undefined;
  const options: StoreOptions = { ttlMs: maybe(), flags: maybe() };
  const engine = new CacheEngine<string, number>({
    ttlMs: maybe(),
    maxEntries: maybe(),
    onRemoval: undefined,
  });
  expect(engine.set('a', 1, options)).toBe('stored');
});

it('the cause of a change determines whether it has a key', () => {
  const engine = new CacheEngine<string, number>();
  const copies = new Map<string, number>([['user:1', 1]]);
  const lengths: number[] = [];
  const apply = (change: Change<string>): void => {
    if (change.cause === 'cleared') copies.clear();
    else lengths.push(change.key.length);
  };
  const unsubscribe = engine.subscribe('user:', ({ key, cause }) => {
    if (cause === 'cleared') copies.clear();
    else copies.delete(key);
  });
  engine.subscribe('', apply);
  engine.set('user:1', 2);
  expect(copies.size).toBe(0);
  unsubscribe();
  engine.clear();
  expect(lengths).toEqual([6]);
});
