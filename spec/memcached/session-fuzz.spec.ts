/** Hostile input: whatever arrives, in whatever pieces, the session answers or closes, and the engine is whole. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_MAX_BYTES, REPLIES_MAX_BYTES } from '../../lib/memcached/limits.js';
import { STORE_NAMES } from '../support/stores.js';
import { ScriptedSession } from './scripted-session.js';

const RUNS = Number(process.env.HOTSET_FUZZ_RUNS ?? 2000);
const MIB = 1024 * 1024;
/** So little that items are evicted. */
const MAX_BYTES = { engine: 20_000, pages: 100_000 };

const key = fc.constantFrom('a', 'b', 'c', 'n', 'k'.repeat(250), 'k'.repeat(251), '\xff\0', '\t');
const number = fc.constantFrom(
  ...[
    '0',
    '1',
    '2',
    '5',
    '10',
    '60',
    '-1',
    '+1',
    '007',
    '1.5',
    'x',
    '',
    '4097',
    '70000',
    '1048516',
    '1048517',
  ],
  ...[
    '2147483645',
    '2147483646',
    '4294967296',
    '9223372036854775808',
    '18446744073709551615',
    '99999999999999999999',
  ],
);
const noreply = fc.constantFrom('', '', ' noreply', ' noreply x', ' 0');
const end = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '', ' \r\n', '\0\r\n');

const store = fc
  .tuple(
    fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
    key,
    fc.constantFrom('0', '0', '5', '4294967295', '-1', 'x'),
    number,
    fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(4096, 5000)),
    fc.constantFrom(0, 0, 0, 0, 1, -1),
    noreply,
    end,
  )
  .map(([verb, k, flags, exptime, length, lie, quiet, tail]) => {
    const cas = verb === 'cas' ? ' 1' : '';
    return `${verb} ${k} ${flags} ${exptime} ${length + lie}${cas}${quiet}\r\n${'7'.repeat(length)}${tail}`;
  });
const command = fc.oneof(
  fc
    .tuple(fc.constantFrom('get', 'gets', 'delete'), fc.array(key, { maxLength: 6 }), noreply, end)
    .map(([verb, keys, quiet, tail]) => `${verb} ${keys.join(' ')}${quiet}${tail}`),
  fc
    .tuple(fc.constantFrom('incr', 'decr', 'touch'), key, number, noreply, end)
    .map(([verb, k, n, quiet, tail]) => `${verb} ${k} ${n}${quiet}${tail}`),
  fc
    .tuple(fc.constantFrom('gat', 'gats'), number, fc.array(key, { maxLength: 4 }), end)
    .map(([verb, n, keys, tail]) => `${verb} ${n} ${keys.join(' ')}${tail}`),
  fc
    .tuple(
      fc.constantFrom('flush_all', 'verbosity', 'cache_memlimit', 'version', 'mn', 'me'),
      number,
      noreply,
      end,
    )
    .map(([verb, n, quiet, tail]) => `${verb} ${n}${quiet}${tail}`),
  // A set that promises more than ever comes.
  fc.tuple(key, number).map(([k, n]) => `set ${k} 0 0 ${n}\r\nxx\r\n`),
);
const latin1Character = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const noise = fc.oneof(
  fc.string({ unit: latin1Character, maxLength: 60 }),
  fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\0',
    '\x80\x01\0\0',
    'GET / HTTP/1.1\r\n',
    'get ',
    'x'.repeat(3000),
  ),
);
/** A command with a byte changed, left out or put in. */
const mutated = fc
  .tuple(fc.oneof(store, command), fc.nat(), fc.constantFrom('change', 'drop', 'insert'), latin1Character)
  .map(([text, place, how, character]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + (how === 'drop' ? '' : character) + text.slice(how === 'insert' ? at : at + 1);
  });
const stats = fc.constantFrom(
  'stats\r\n',
  'stats items\r\n',
  'stats slabs\r\n',
  'stats cachedump 1 0\r\n',
  'stats x\r\n',
);

const splits = fc.infiniteStream(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 10, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 6000 }) },
  ),
);

describe.each(STORE_NAMES)('hostile input, over %s', (name) => {
  it('never throws, never lets replies wait without bound, and leaves the engine consistent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: store }, command, mutated, noise, stats), {
          maxLength: 60,
          size: 'max',
        }),
        splits,
        fc.constantFrom(0, 1, 1000, 100_000),
        (fragments, pieces, stepMs) => {
          const client = new ScriptedSession({}, MAX_BYTES[name], {}, name);
          const input = Buffer.from(fragments.join(''), 'latin1');
          const lengths = pieces[Symbol.iterator]();
          for (let at = 0; at < input.length; ) {
            const length = lengths.next().value as number;
            if (!client.feed(input.subarray(at, at + length))) break;
            at += length;
            client.clock.advance(stepMs);
            if (client.entries.bytes > client.entries.maxBytes) throw new Error('over the budget');
          }
          expect(client.mostWaiting).toBeLessThanOrEqual(REPLIES_MAX_BYTES + MIB);
          expect(client.entries.verify()).toEqual([]);
          if (client.state !== 'closed') expect(client.session.idle).toBeTypeOf('boolean');
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('is answered the same however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: store }, command, mutated), { maxLength: 30, size: 'max' }),
        splits,
        (fragments, pieces) => {
          const input = Buffer.from(fragments.join(''), 'latin1');
          // A line without end is measured only when it has to wait for its end.
          fc.pre(
            input
              .toString('latin1')
              .split('\n')
              .every((line) => line.length <= LINE_MAX_BYTES),
          );
          const whole = new ScriptedSession({}, MAX_BYTES[name], {}, name);
          whole.feed(input);
          const cut = new ScriptedSession({}, MAX_BYTES[name], {}, name);
          const lengths = pieces[Symbol.iterator]();
          for (let at = 0; at < input.length; ) {
            const length = lengths.next().value as number;
            if (!cut.feed(input.subarray(at, at + length))) break;
            at += length;
          }
          expect(cut.replies()).toBe(whole.replies());
          expect(cut.state).toBe(whole.state);
          expect([...cut.entries.dump()]).toEqual([...whole.entries.dump()]);
        },
      ),
      { numRuns: RUNS },
    );
  });
});
