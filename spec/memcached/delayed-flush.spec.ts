/** What subscribers are told of a flush_all that has been put off. */

import { beforeEach, expect, it } from 'vitest';
import { Administered } from './admin/fixture.js';

let admin: Administered;
let changes: string[];

beforeEach(() => {
  admin = new Administered();
  changes = [];
  admin.engine.subscribe('', ({ key, cause }) => changes.push(key === undefined ? cause : `${cause} ${key}`));
});

/** Commands, and the server's upkeep, all through two seconds. */
function pass(): void {
  for (let i = 0; i < 40; i++) {
    admin.clock.advance(50);
    admin.ask('get a\r\n');
    admin.items.beginTurn();
    admin.items.reclaim();
  }
}

it.each([1, 2])('flush_all %i clears once, also what is empty', (delay) => {
  admin.ask(`flush_all ${delay}\r\n`);
  pass();
  expect(changes).toEqual(['cleared']);
});

it('flush_all 1 clears once, and takes what is stored in its second each by itself', () => {
  admin.set('a');
  admin.ask('flush_all 1\r\n');
  admin.set('b');
  expect(admin.ask('get b\r\n')).toBe('END\r\n');
  admin.set('c');
  admin.set('d');
  pass();
  admin.set('e');
  expect(admin.ask('get c d e\r\n')).toBe('VALUE e 0 1\r\nv\r\nEND\r\n');
  expect(changes).toEqual([
    'stored a',
    'cleared',
    'stored b',
    'deleted b',
    'stored c',
    'deleted c',
    'stored d',
    'deleted d',
    'stored e',
  ]);
});

it('each flush_all 1 clears anew, and flush_all without a delay calls off what waits', () => {
  admin.ask('flush_all 1\r\nget a\r\nflush_all 1\r\nget a\r\nget a\r\nflush_all 9\r\nflush_all\r\n');
  for (let i = 0; i < 10; i++) pass();
  expect(changes).toEqual(['cleared', 'cleared', 'cleared']);
});
