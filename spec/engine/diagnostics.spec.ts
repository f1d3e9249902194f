/** What the engine publishes on the channels of node:diagnostics_channel, and that it is silent without a listener. */

import diagnostics from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LOOKUP_CHANNEL, REMOVAL_CHANNEL, STORE_CHANNEL } from '../../lib/engine/diagnostics.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';

type Message = { engine: object; key: unknown; value?: unknown; result?: string; cause?: string };

const subscriptions: (() => void)[] = [];
afterEach(() => {
  for (const end of subscriptions.splice(0)) end();
});

function subscribe(name: string, listen: (message: Message) => void): () => void {
  const listener = (message: unknown): void => listen(message as Message);
  diagnostics.subscribe(name, listener);
  const end = (): void => void diagnostics.unsubscribe(name, listener);
  subscriptions.push(end);
  return end;
}

/** What is published from now on, one line each. */
function recorded(...names: ('lookup' | 'store' | 'removal')[]): string[] {
  const lines: string[] = [];
  for (const name of names)
    subscribe(`hotset:${name}`, ({ key, value, result, cause }) =>
      lines.push([name, key, value, result ?? cause].filter((part) => part !== undefined).join(' ')),
    );
  return lines;
}

describe('the channels', () => {
  it('each get is published once, and nothing else is a lookup', () => {
    const clock = new ManualClock(5);
    const engine = new CacheEngine<string, number>({ clock });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1, { ttlMs: 10 });
    const lines = recorded('lookup');
    engine.get('a');
    engine.get('x');
    engine.peek('a');
    engine.has('a');
    engine.getEntry('a');
    engine.touch('c', 100);
    [...engine.entries()];
    clock.advance(10);
    engine.get('a');
    engine.get('a');
    engine.get('c');
    expect(lines).toEqual([
      'lookup a hit',
      'lookup x absent',
      'lookup a expired',
      'lookup a absent',
      'lookup c hit',
    ]);
  });

  it('each write that reached the point of storing is published with what became of it', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 3, maxEntryBytes: 1000, sizeOf: (n) => n });
    const lines = recorded('store');
    engine.set('a', 1);
    engine.add('a', 1);
    engine.replace('x', 1);
    engine.update('a', 2);
    engine.set('b', 5000);
    engine.set('c', 1);
    engine.compareAndSet('c', -1, 1);
    expect(lines).toEqual(['store a stored', 'store a stored', 'store b too-large', 'store c stored']);
  });

  it('every removal is published under its cause, before the write that caused it', () => {
    const clock = new ManualClock(5);
    const engine = new CacheEngine<string, number>({ clock, maxEntries: 3 });
    const lines = recorded('removal', 'store', 'lookup');
    for (const [i, key] of ['a', 'b', 'c', 'd'].entries())
      engine.set(key, i, key === 'c' ? { ttlMs: 5 } : {});
    engine.set('d', 9);
    engine.delete('b');
    clock.advance(5);
    engine.get('c');
    engine.clear();
    expect(lines).toEqual([
      'store a stored',
      'store b stored',
      'store c stored',
      'removal a 0 evicted',
      'store d stored',
      'removal d 3 replaced',
      'store d stored',
      'removal b 1 deleted',
      'removal c 2 expired',
      'lookup c expired',
      'removal d 9 cleared',
    ]);
  });

  it('the same removals are published and reported to the listener, and published first', () => {
    const lines = recorded('removal');
    const engine: CacheEngine<string, number> = new CacheEngine({
      maxEntries: 2,
      onRemoval: (key, value, cause) => lines.push(`told ${key} ${value} ${cause}`),
    });
    for (const key of ['a', 'b', 'c', 'd']) engine.set(key, 1);
    engine.resize({ maxEntries: 1 });
    engine.clear();
    const of = (start: string): string[] => lines.filter((line) => line.startsWith(start));
    expect(of('told').map((line) => line.replace('told', 'removal'))).toEqual(of('removal'));
    expect(of('removal')).toHaveLength(4);
    expect(lines[0]).toMatch(/^removal/);
    expect(engine.verify()).toEqual([]);
  });

  it('the engine works the same with and without a subscriber', () => {
    const run = (): unknown => {
      const clock = new ManualClock(5);
      const engine = new CacheEngine<number, number>({ clock, maxEntries: 40, trackAccess: true });
      for (let i = 0; i < 500; i++) {
        engine.set((i * 7) % 60, i, i % 3 === 0 ? { ttlMs: 20 } : {});
        engine.get((i * 11) % 60);
        clock.advance(1);
      }
      expect(engine.verify()).toEqual([]);
      return [engine.stats(), [...engine.entries()]];
    };
    const alone = run();
    const lines = recorded('lookup', 'store', 'removal');
    expect(run()).toEqual(alone);
    expect(lines.length).toBeGreaterThan(1000);
  });
});

describe('a channel', () => {
  it('names the engine that it is about', () => {
    const engines = [new CacheEngine<string, number>(), new CacheEngine<string, number>()];
    const seen: object[] = [];
    for (const name of ['hotset:lookup', 'hotset:store', 'hotset:removal'])
      subscribe(name, ({ engine }) => seen.push(engine));
    for (const engine of engines) {
      engine.set('a', 1);
      engine.get('a');
      engine.delete('a');
    }
    expect(seen).toEqual([...Array(3).fill(engines[0]), ...Array(3).fill(engines[1])]);
    expect(seen[0]).toBe(engines[0]);
  });

  it('has no subscribers until somebody subscribes, and none after the last has left', () => {
    const channels = [LOOKUP_CHANNEL, STORE_CHANNEL, REMOVAL_CHANNEL];
    const listening = (): boolean[] => channels.map((channel) => channel.hasSubscribers);
    expect(listening()).toEqual([false, false, false]);
    const ends = ['hotset:lookup', 'hotset:store', 'hotset:removal'].map((name) => subscribe(name, () => {}));
    expect(listening()).toEqual([true, true, true]);
    for (const end of ends) end();
    expect(listening()).toEqual([false, false, false]);
  });

  it('says nothing to those who have left', () => {
    const engine = new CacheEngine<string, number>();
    const heard: unknown[] = [];
    const end = subscribe('hotset:lookup', (message) => heard.push(message.key));
    engine.get('before');
    end();
    engine.get('after');
    expect(heard).toEqual(['before']);
  });

  it('publishes nothing, and makes no message, without subscribers', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 1 });
    const publishes = [LOOKUP_CHANNEL, STORE_CHANNEL, REMOVAL_CHANNEL].map((each) =>
      vi.spyOn(each, 'publish'),
    );
    engine.set('a', 1);
    engine.set('b', 1);
    engine.get('b');
    engine.clear();
    for (const publish of publishes) {
      expect(publish).not.toHaveBeenCalled();
      publish.mockRestore();
    }
    expect(engine.stats()).toMatchObject({ hits: 1, stores: 2 });
  });
});
