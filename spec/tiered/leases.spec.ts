/** TieredCache: one load for a key in all processes. */

import { describe, expect, it } from 'vitest';
import { counting, Fleet, gate, settled } from './fixture.js';

describe('leases', () => {
  it('1,000 callers in 4 processes are one load', async () => {
    const fleet = new Fleet();
    const processes = Array.from({ length: 4 }, () => fleet.process<number>());
    const loading = gate<number>();
    const source = counting(() => loading.promise);
    const calls = processes.flatMap((cache) =>
      Array.from({ length: 250 }, () => cache.getOrLoad('x', source.load)),
    );
    await fleet.pass(500, 50);
    loading.open(7);
    await fleet.pass(500, 50);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([7]));
    expect(source.keys).toEqual(['x']);
    expect(processes.map((cache) => cache.stats().tierTwo.leaseWaits)).toEqual([0, 1, 1, 1]);
    expect(processes.map((cache) => cache.getLocal('x'))).toEqual([7, 7, 7, 7]);
    expect(fleet.scheduler.pending).toBe(0);
  });

  it('a holder that dies costs one lease time', async () => {
    const fleet = new Fleet();
    const [dying, other] = [fleet.process<number>(), fleet.process<number>()];
    void dying.getOrLoad('x', () => new Promise<number>(() => {}));
    await settled();
    const loaded = other.getOrLoad('x', () => 2);
    await fleet.pass(4900, 50);
    expect(other.stats().tierTwo.leases).toBe(0);
    await fleet.pass(500, 50);
    expect(await loaded).toBe(2);
    expect(fleet.store.keys()).toEqual(['hotset:v:x']);
  });

  it('a holder whose loader fails gives it back', async () => {
    const fleet = new Fleet();
    const [failing, other] = [fleet.process<number>(), fleet.process<number>()];
    const loading = gate<number>();
    const failed = failing.getOrLoad('x', () => loading.promise);
    await settled();
    const loaded = other.getOrLoad('x', () => 2);
    await settled();
    loading.fail(new Error('down'));
    await expect(failed).rejects.toThrow('down');
    await fleet.pass(300, 50);
    expect(await loaded).toBe(2);
  });

  it('after leaseWaitMs a caller loads without one, and writes nothing', async () => {
    const fleet = new Fleet();
    const [holder, other] = [fleet.process<number>(), fleet.process<number>({ leaseWaitMs: 1000 })];
    void holder.getOrLoad('x', () => new Promise<number>(() => {}));
    await settled();
    const loaded = other.getOrLoad('x', () => 2);
    await fleet.pass(1000, 50);
    expect(await loaded).toBe(2);
    expect([other.getLocal('x'), fleet.store.keys()]).toEqual([2, []]);
    expect(other.stats().tierTwo).toMatchObject({ leaseWaits: 1, leaseTimeouts: 1, fills: 0 });
  });

  it('who waits for the holder answers with grace when its own load fails', async () => {
    const fleet = new Fleet();
    const options = { graceMs: 100_000, leaseWaitMs: 200 };
    const [holder, other] = [fleet.process<number>(options), fleet.process<number>(options)];
    await holder.set('x', 1);
    fleet.clock.advance(60_000);
    void holder.getOrLoad('x', () => new Promise<number>(() => {}));
    await settled();
    const loaded = other.getOrLoad('x', () => Promise.reject(new Error('down')));
    await fleet.pass(200, 50);
    expect(await loaded).toBe(1);
  });

  it('a batch loads what it has the leases of, and waits for the rest', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<string>(), fleet.process<string>()];
    const loading = gate<string>();
    const first = a.getOrLoad('x', () => loading.promise);
    await settled();
    const asked: (readonly string[])[] = [];
    const many = b.getOrLoadMany(['w', 'x', 'y'], (keys) => {
      asked.push(keys);
      return keys.map((key) => `b:${key}`);
    });
    await fleet.pass(100, 50);
    loading.open('a:x');
    await fleet.pass(500, 50);
    expect([...(await many)]).toEqual([
      ['w', 'b:w'],
      ['x', 'a:x'],
      ['y', 'b:y'],
    ]);
    expect(asked).toEqual([['w', 'y']]);
    expect(await first).toBe('a:x');
  });

  it('who gives up while waiting leaves nothing behind', async () => {
    const fleet = new Fleet();
    const [holder, other] = [fleet.process<number>(), fleet.process<number>()];
    void holder.getOrLoad('x', () => new Promise<number>(() => {}));
    await settled();
    const controller = new AbortController();
    const source = counting(() => 2);
    const loaded = other.getOrLoad('x', source.load, { signal: controller.signal });
    await fleet.pass(100, 50);
    controller.abort(new Error('gone'));
    await expect(loaded).rejects.toThrow('gone');
    await settled();
    expect(fleet.scheduler.pending).toBe(0);
    expect(source.keys).toEqual([]);
  });

  it('without leases each process loads once, and a change of this process still wins', async () => {
    const fleet = new Fleet();
    const tier = { hasLeases: false };
    const [a, b] = [fleet.process<number>({}, tier), fleet.process<number>({}, tier)];
    const loading = gate<number>();
    const loaded = [a.getOrLoad('x', () => loading.promise), b.getOrLoad('x', () => loading.promise)];
    await settled();
    await a.delete('x');
    await b.delete('x');
    loading.open(1);
    expect(await Promise.all(loaded)).toEqual([1, 1]);
    expect([a.getLocal('x'), b.getLocal('x'), fleet.store.keys()]).toEqual([undefined, undefined, []]);
    await a.getOrLoad('x', () => 2);
    expect(await b.get('x')).toBe(2);
  });
});
