/** Changes in a single trip, at random, beside the memcached commands that do the same: equal answers, and equal items. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ItemStore, openItems } from '../../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../../lib/memcached/reply-buffer.js';
import { Session } from '../../../lib/memcached/session.js';
import { createServed } from '../../support/stores.js';
import { Endpoint, type Peer } from './fixture.js';

interface Step {
  readonly method: string;
  readonly params: object;
  readonly command: string;
  /** The memcached reply as the method's result, as far as that has it. */
  readonly meaning: (reply: string) => unknown;
}

const KEYS = ['a', 'b', 'c'];
const WHOLES: readonly string[] = ['0', '1', '7', '4294967296', '9007199254740993', '18446744073709551615'];
const TEXTS = ['', '0', '12', ' 5', '18446744073709551615', '18446744073709551616', 'x', '-1', '007'];

const stored = (reply: string): unknown => ({ result: reply === 'STORED\r\n' ? 'stored' : 'not-found' });
const item = (reply: string): unknown => {
  const [, flags, value] = /^VALUE . (\d+) \d+\r\n([^\r]*)\r\nEND\r\n$/.exec(reply) ?? [];
  return flags === undefined ? null : { value, flags: Number(flags) };
};
const counted = (reply: string): unknown => {
  const [, digits] = /^VA \d+\r\n(\d+) *\r\n$/.exec(reply) ?? [];
  if (digits !== undefined) return { result: 'stored', value: digits };
  return reply.startsWith('CLIENT_ERROR')
    ? { error: { data: { code: 'HOTSET_NOT_A_NUMBER' } } }
    : { result: 'not-found' };
};

const key = fc.constantFrom(...KEYS);
const text = fc.constantFrom(...TEXTS);
const seconds = fc.constantFrom(0, 1, 5);
const ttlOf = (s: number): number | null => (s === 0 ? null : s * 1000);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ key, text, seconds }).map((p) => ({
    method: 'set',
    params: { key: p.key, value: p.text, ttlMs: ttlOf(p.seconds) },
    command: `set ${p.key} 0 ${p.seconds} ${p.text.length}\r\n${p.text}\r\n`,
    meaning: stored,
  })),
  fc.record({ verb: fc.constantFrom('append', 'prepend'), key, text }).map((p) => ({
    method: p.verb,
    params: { key: p.key, value: p.text },
    command: `${p.verb} ${p.key} 0 0 ${p.text.length}\r\n${p.text}\r\n`,
    meaning: stored,
  })),
  fc.record({ key, by: fc.constantFrom(...WHOLES), down: fc.boolean() }).map((p) => ({
    method: 'increment',
    params: { key: p.key, by: p.down ? `-${p.by}` : p.by },
    // -0 is no decrement.
    command: `ma ${p.key} v D${p.by} M${p.down && p.by !== '0' ? 'D' : 'I'}\r\n`,
    meaning: counted,
  })),
  fc
    .record({ key, by: fc.constantFrom(...WHOLES), initial: fc.constantFrom(...WHOLES), seconds })
    .map((p) => ({
      method: 'increment',
      params: { key: p.key, by: p.by, initial: p.initial, ttlMs: ttlOf(p.seconds) },
      command: `ma ${p.key} v D${p.by} J${p.initial} N${p.seconds}\r\n`,
      meaning: counted,
    })),
  fc.record({ key, seconds }).map((p) => ({
    method: 'getAndTouch',
    params: { key: p.key, ttlMs: ttlOf(p.seconds) },
    command: `gat ${p.seconds} ${p.key}\r\n`,
    meaning: item,
  })),
  key.map((k) => ({
    method: 'getAndDelete',
    params: { key: k },
    command: `get ${k}\r\ndelete ${k}\r\n`,
    meaning: (reply: string) => item(reply.slice(0, reply.indexOf('END\r\n') + 5)),
  })),
);

it('gives the same answers as memcached’s commands, and leaves the same items', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.constantFrom(0, 0, 400, 1000)), { maxLength: 60 }), (steps) => {
      const endpoint = new Endpoint();
      const client = endpoint.connect();
      const wire = wireOver(endpoint);
      for (const [{ method, params, command, meaning }, waitMs] of steps) {
        endpoint.clock.advance(waitMs);
        const expected = meaning(wire(command));
        const given = client.call(method, params);
        if (expected === null) expect(given, command).toBeNull();
        else expect(given, command).toMatchObject(expected as object);
        for (const k of KEYS) expect(itemOf(client, k)).toEqual(itemOnWire(wire, k));
      }
      expect(endpoint.engine.verify()).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

/** A session over a store of its own, on the endpoint's clock. */
function wireOver({ clock }: Endpoint): (command: string) => string {
  const items = new ItemStore(openItems(createServed({ maxBytes: '64MiB', clock })), { clock });
  const replies = new ReplyBuffer();
  const session = new Session(items, replies);
  return (command) => {
    items.beginTurn();
    session.feed(Buffer.from(command));
    items.endTurn();
    return Buffer.concat(replies.take()).toString('latin1');
  };
}

function itemOf(client: Peer, k: string): unknown {
  const entry = client.call('get', { key: k }) as {
    value: string;
    ttlMs: number | null;
    flags: number;
  } | null;
  if (entry === null) return null;
  const { value, flags, ttlMs } = entry;
  return { value, flags, ttl: ttlMs === null ? -1 : Math.ceil(ttlMs / 1000) };
}

function itemOnWire(wire: (command: string) => string, k: string): unknown {
  const [, ttl, flags, value] =
    /^VA \d+ t(-?\d+) f(\d+)\r\n([^\r]*)\r\n$/.exec(wire(`mg ${k} t f v\r\n`)) ?? [];
  return value === undefined ? null : { value, flags: Number(flags), ttl: Number(ttl) };
}
