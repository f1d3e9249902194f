/** The requests that are read in one pass are answered, counted and stored as the parsers would have it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STORE_NAMES, type StoreName } from '../../support/stores.js';
import { ScriptedSession } from '../scripted-session.js';

/** One takes each request whole; the other gets its first byte alone, which is not the fast path's to read. */
class Pair {
  readonly whole: ScriptedSession;
  readonly split: ScriptedSession;

  constructor(store: StoreName) {
    this.whole = new ScriptedSession({ maxItemBytes: 1024 }, undefined, {}, store);
    this.split = new ScriptedSession({ maxItemBytes: 1024 }, undefined, {}, store);
  }

  ask(request: string): void {
    const shown = JSON.stringify(request);
    const whole = this.whole.ask(request);
    this.split.feed(request.slice(0, 1));
    expect(whole, shown).toBe(this.split.ask(request.slice(1)));
    expect(this.whole.state, shown).toBe(this.split.state);
  }

  check(): void {
    expect(this.whole.entries.stats()).toEqual(this.split.entries.stats());
    expect([...this.whole.entries.dump()]).toEqual([...this.split.entries.dump()]);
    expect(counted(this.whole)).toEqual(counted(this.split));
    expect(this.whole.entries.verify()).toEqual([]);
  }
}

/** What `stats` tells of commands. */
function counted(client: ScriptedSession): string[] {
  return client
    .ask('stats\r\n')
    .split('\r\n')
    .filter((line) => /^STAT (cmd|get|touch|store|total|curr_items|delete)_/.test(line));
}

const LONGEST = 'k'.repeat(250);

const REQUESTS = [
  'get k\r\n',
  'get none\r\n',
  'get k\n',
  'get  k\r\n',
  'get k \r\n',
  'get k k\r\n',
  'get\r\n',
  'get \r\n',
  'get k\r\r\n',
  'get k\tx\r\n',
  'get \xff\x80\r\n',
  `get ${LONGEST}\r\n`,
  `get ${LONGEST}k\r\n`,
  'gets k\r\n',
  'gets\r\n',
  'gets \r\n',
  'gets none k none\r\n',
  'gets k k \r\n',
  'get k none a k\r\n',
  'get k  k\r\n',
  'get k k\n',
  'get k k\r\r\n',
  'get k k\tx k\r\n',
  `get k ${LONGEST}\r\n`,
  `get k ${LONGEST}k\r\n`,
  `gets k ${LONGEST}k k\r\n`,
  `get${' k none'.repeat(50)}\r\n`,
  `get${' k none'.repeat(50)} k\r\n`,
  `get${' k none'.repeat(50)} k k\r\n`,
  'set k 0 0 1\r\na\r\n',
  'set k 4 0 0\r\n\r\n',
  'set k 999999999 60 2 noreply\r\nab\r\n',
  'set k 1 0 2 noreplyx\r\nab\r\n',
  'set k 1 0 2 noreply x\r\nab\r\n',
  'set k 1 0 2 x\r\nab\r\n',
  'set k 1 0 2 \r\nab\r\n',
  'set k 1 0 2\nab\r\n',
  'set k 1  0 2\r\nab\r\n',
  'set k\t1 0 2\r\nab\r\n',
  'set k 1\t0 2\r\nab\r\n',
  'set k 0x1 0 2\r\nab\r\n',
  'set k 4294967295 0 2\r\nab\r\n',
  'set k 1 -1 2\r\nab\r\n',
  'set k 1 2592001 2\r\nab\r\n',
  'set k 1 0 3\r\nab\r\n\n',
  'set k 1 0 1\r\nab\r\n',
  'set k 1 0 -1\r\n',
  'set k 1 0 0000000002\r\nab\r\n',
  'set k 1 0\r\n',
  `set ${LONGEST} 1 0 2\r\nab\r\n`,
  `set ${LONGEST}k 1 0 2\r\nab\r\n`,
  `set k 0 0 2000\r\n${'x'.repeat(2000)}\r\n`,
  'mg k\r\n',
  'mg k v\r\n',
  'mg k k t f v c s q h l u\r\n',
  'mg k v v\r\n',
  'mg k v  f\r\n',
  'mg k v \r\n',
  'mg k vx\r\n',
  'mg k b\r\n',
  'mg a2s= b k v\r\n',
  'mg k T30 v\r\n',
  'mg k \xe1\r\n',
  'mg k {\r\n',
  'mg k y\r\n',
  'mg none v\r\n',
  'mg none q v k\r\n',
  'mg\r\n',
  'mg \r\n',
  `mg ${LONGEST}k v\r\n`,
  'ms k 2\r\nab\r\n',
  'ms k 2 T60\r\nab\r\n',
  'ms k 2 F5\r\nab\r\n',
  'ms k 2 T60 F5\r\nab\r\n',
  'ms k 2 F5 T60\r\nab\r\n',
  'ms k 2 T60 T60\r\nab\r\n',
  'ms k 2 T-1\r\nab\r\n',
  'ms k 2 T\r\nab\r\n',
  'ms k 2 T1x\r\nab\r\n',
  'ms k 2 Fx\r\nab\r\n',
  'ms k 2 c k\r\nab\r\n',
  'ms k 2 q\r\nab\r\n',
  'ms k S2\r\nab\r\n',
  'ms k x\r\nab\r\n',
  'ms k 3\r\nab\r\n\n',
  `ms k 2000\r\n${'x'.repeat(2000)}\r\n`,
  `ms ${LONGEST}k 2\r\nab\r\n`,
];

describe.each(STORE_NAMES)('the fast path, over %s', (store) => {
  it.each(REQUESTS.map((request) => [JSON.stringify(request).slice(0, 60), request]))(
    'agrees on %s',
    (_, request) => {
      const pair = new Pair(store);
      pair.ask('set k 7 0 5\r\nhello\r\n');
      pair.ask(request);
      pair.ask('get k\r\n');
      pair.ask('mg k v t f c s\r\n');
      pair.check();
    },
  );

  it('agrees on any sequence, pipelined or not', () => {
    const request = fc.oneof(
      fc.constantFrom(
        ...REQUESTS,
        'delete k\r\n',
        'md k I\r\n',
        'touch k 1\r\n',
        'flush_all\r\n',
        'flush_all 2\r\n',
      ),
      fc.constantFrom('a', 'b', 'c').map((key) => `set ${key} 0 1 3\r\nabc\r\n`),
      fc.constantFrom('a', 'b', 'c').map((key) => `get ${key}\r\n`),
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }).map((keys) => `gets ${keys.join(' ')}\r\n`),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(request, { maxLength: 4 }), fc.nat(2000))), (batches) => {
        const pair = new Pair(store);
        for (const [requests, ms] of batches) {
          for (const one of requests) pair.ask(one);
          // A session that has ended takes no more input.
          if (pair.whole.state === 'closed') break;
          pair.whole.clock.advance(ms);
          pair.split.clock.advance(ms);
        }
        if (pair.whole.state !== 'closed') pair.check();
      }),
    );
  });

  it('answers a chunk of many as many chunks', () => {
    const one = new ScriptedSession();
    const many = new ScriptedSession();
    const requests = REQUESTS.filter(
      (request) => /^(get|mg|set|ms) k/.test(request) && !/\\n\\n$/.test(request),
    );
    expect(one.ask(requests.join(''))).toBe(requests.map((request) => many.ask(request)).join(''));
  });

  it.each([1, 2, 3, 5])('logs every command with verbosity 2, chunk of %i', (count) => {
    const traced: string[] = [];
    const client = new ScriptedSession({ verbosity: 2 }, undefined, {
      trace: (command) => traced.push(command),
    });
    client.ask('get k\r\n'.repeat(count));
    expect(traced).toEqual(new Array(count).fill('get k'));
  });
});
