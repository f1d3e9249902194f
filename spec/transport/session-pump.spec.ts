/** Turns, stalls and ends of a session, over a sink that is no socket: the same for every transport. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { ItemStore, openItems } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { resolveConnectionOptions } from '../../lib/transport/connection-options.js';
import { ConnectionRegistry } from '../../lib/transport/connection-registry.js';
import {
  type ByteSink,
  type EndCause,
  type PumpContext,
  SessionPump,
} from '../../lib/transport/session-pump.js';
import type { TransportSettings } from '../../lib/transport.js';

const REQUESTS_PER_TURN = 100;
const MAX_UNSENT_BYTES = 1000;

class Sink implements ByteSink {
  readonly id: number;
  readonly pump: SessionPump;
  text = '';
  /** Whether the client reads. */
  reads = true;
  paused = false;
  ended: EndCause | null = null;
  unsentBytes = 0;

  constructor(id: number, context: PumpContext) {
    this.id = id;
    this.pump = new SessionPump(this, context);
  }

  send(text: string): void {
    this.pump.receive(Buffer.from(text, 'latin1'));
  }

  write(bytes: Buffer): void {
    this.text += bytes.toString('latin1');
    if (!this.reads) this.unsentBytes += bytes.length;
  }

  writeAll(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.write(chunk);
  }

  read(): void {
    this.reads = true;
    this.unsentBytes = 0;
    this.pump.onDrain();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(cause: EndCause): void {
    this.ended = cause;
  }
}

let registry: ConnectionRegistry;
let sinks: Sink[];
const clock = new ManualClock(1_000_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  const items = new ItemStore(openItems(new CacheEngine<string, unknown>({ clock })), {
    clock,
    requestsPerTurn: REQUESTS_PER_TURN,
  });
  const limits = resolveConnectionOptions({});
  registry = new ConnectionRegistry(items, {} as TransportSettings, limits, {});
  const context = { registry, out: new ReplyBuffer(), maxUnsentBytes: MAX_UNSENT_BYTES };
  sinks = [1, 2].map((id) => new Sink(id, context));
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets all that waits for the next turn of the event loop have it. */
function nextTurn(): void {
  vi.advanceTimersToNextTimer();
}

describe('a turn', () => {
  const stored = (sink: Sink): number => sink.text.length / 'STORED\r\n'.length;

  it.each([
    { what: 'one chunk', chunks: 1, requests: 1000 },
    { what: '32 chunks of one poll', chunks: 32, requests: 60 },
    { what: 'a request in each chunk', chunks: 1000, requests: 1 },
  ])('serves so many requests, which come in $what, before the other client', ({ chunks, requests }) => {
    const [busy, other] = sinks as [Sink, Sink];
    for (let chunk = 0; chunk < chunks; chunk++) busy.send('set k 0 0 1\r\nv\r\n'.repeat(requests));
    const served: number[] = [];
    while (stored(busy) < chunks * requests) {
      other.send('get k\r\n');
      served.push(stored(busy));
      nextTurn();
    }
    expect(served).toEqual(Array.from(served, (_, turn) => (turn + 1) * REQUESTS_PER_TURN));
    expect(served.length).toBe(Math.ceil((chunks * requests) / REQUESTS_PER_TURN) - 1);
    expect(other.text).toBe('VALUE k 0 1\r\nv\r\nEND\r\n'.repeat(served.length));
    vi.runAllTimers();
    expect(busy.paused).toBe(false);
  });

  it('ends for empty chunks, too', () => {
    const [busy] = sinks as [Sink];
    for (let chunk = 0; chunk < REQUESTS_PER_TURN; chunk++) busy.send('');
    expect(busy.paused).toBe(false);
    busy.send('mn\r\n');
    expect(busy.paused).toBe(true);
    expect(busy.text).toBe('');
    nextTurn();
    expect(busy.text).toBe('MN\r\n');
    expect(busy.paused).toBe(false);
  });
});

it('a client that does not read is not read from until it does', () => {
  const [sink] = sinks as [Sink];
  sink.send(`set k 0 0 600\r\n${'v'.repeat(600)}\r\n`);
  sink.reads = false;
  sink.send('get k\r\n');
  expect(sink.pump.state).toBe('conn_read');
  sink.send('get k\r\n');
  expect(sink.pump.state).toBe('conn_waiting');
  expect(sink.paused).toBe(true);
  const before = sink.text;
  sink.send('mn\r\n');
  expect(sink.text).toBe(before);
  sink.read();
  expect(sink.text).toBe(`${before}MN\r\n`);
  expect(sink.paused).toBe(false);
});

describe('the end', () => {
  it.each([
    ['quit\r\n', 'quit'],
    ['GET / HTTP/1.1\r\n', 'error'],
    ['x'.repeat(3000), 'error'],
    // A key of 257 bytes, and one byte of extras.
    ['\x80'.padEnd(24 + 258, '\x01'), 'error'],
  ])('after %j is %s', (text, cause) => {
    const [sink] = sinks as [Sink];
    sink.send(text);
    expect(sink.ended).toBe(cause);
  });

  it('waits for the request that is half read, when the server stops', () => {
    const [sink, idle] = sinks as [Sink, Sink];
    sink.send('set k 0 0 4\r\nha');
    sink.pump.drain();
    idle.pump.drain();
    expect([sink.ended, idle.ended]).toEqual([null, 'drained']);
    sink.send('lf\r\n');
    expect(sink.text).toBe('STORED\r\n');
    expect(sink.ended).toBe('drained');
  });

  it('waits for what is to be answered, when the client sends no more', () => {
    const [sink] = sinks as [Sink];
    sink.send('mn\r\n'.repeat(REQUESTS_PER_TURN * 2 + 1));
    sink.pump.onInputEnd();
    expect(sink.ended).toBeNull();
    nextTurn();
    nextTurn();
    expect(sink.text).toBe('MN\r\n'.repeat(REQUESTS_PER_TURN * 2 + 1));
    expect(sink.ended).toBe('quit');
  });
});

describe('the time of an unfinished request', () => {
  const SECOND = 1000;
  const isOpen = (): boolean => sinks[0]!.pump.window.isOpen;
  const ageOver = (ms: number): boolean => sinks[0]!.pump.window.isOlderThan(ms, clock.now());

  it('begins with its first byte, and single bytes do not put it off', () => {
    const [sink] = sinks as [Sink];
    expect(isOpen()).toBe(false);
    for (const byte of 'get k') {
      sink.send(byte);
      clock.advance(SECOND);
    }
    expect(ageOver(5 * SECOND - 1)).toBe(true);
    expect(ageOver(5 * SECOND)).toBe(false);
    sink.send('\r\n');
    expect(isOpen()).toBe(false);
  });

  it('begins anew with the data, and with each 64 KiB of it', () => {
    const [sink] = sinks as [Sink];
    sink.send('set k 0 0 200000');
    clock.advance(SECOND);
    sink.send('\r\nv');
    expect(ageOver(0)).toBe(false);
    for (let i = 0; i < 3; i++) {
      clock.advance(SECOND);
      sink.send('v'.repeat(65_535));
      expect(ageOver(SECOND - 1), String(i)).toBe(true);
      sink.send('v');
      expect(ageOver(0), String(i)).toBe(false);
    }
  });

  it('begins anew with the next request, which the last one’s chunk has begun', () => {
    const [sink] = sinks as [Sink];
    sink.send('get');
    for (let i = 0; i < 10; i++) {
      clock.advance(SECOND);
      sink.send(' k\r\nget');
      expect(ageOver(0)).toBe(false);
    }
  });
});
