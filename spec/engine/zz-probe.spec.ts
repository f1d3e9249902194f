import { expect, it } from 'vitest';
import { ExpiryWheel } from '../../lib/engine/expiry.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
it('limited sweeps finish with many live entries in the present tick', () => {
  const w = new ExpiryWheel(2048, 0);
  const live = new Set<number>();
  for (let s = 1; s <= 1000; s++) { w.schedule(s, s === 1 ? 5 : 10); live.add(s); }
  let calls = 0;
  while (w.mayHaveDue(5) && calls < 10000) { w.sweep(5, 64, (s) => w.cancel(s)); calls++; }
  expect(calls).toBeLessThan(100);
});
it('due entry reached after idle', () => {
  const w = new ExpiryWheel(2048, 0);
  for (let s = 1; s <= 200; s++) w.schedule(s, 60_000 + 3000 + s); // live, near
  w.schedule(300, 59_000);
  let got = 0, calls = 0;
  while (calls++ < 10000 && got === 0) got += w.sweep(61_000, 64, (s) => w.cancel(s));
  expect(got).toBe(1);
});
it('jump back after limited sweep', () => {
  const w = new ExpiryWheel(16, 640 * 64);
  w.schedule(1, 8832 * 64); w.schedule(2, 8840 * 64); w.schedule(3, 8000*64);
  w.sweep(8320 * 64, 2, (s) => w.cancel(s));
  w.cancel(2); 
  w.sweep(640 * 64, Infinity, (s) => w.cancel(s));
  expect(w.verify(new Set([1,3].filter(s => w.expiresAt[s] !== Infinity)))).toEqual([]);
});
it('fractional limit', () => {
  const w = new ExpiryWheel(16, 0);
  for (let s = 1; s < 10; s++) w.schedule(s, 1);
  expect(w.sweep(100, 1.5, (s) => w.cancel(s))).toBeLessThan(2);
});
it('getter reentry', () => {
  const e = new CacheEngine<string, unknown>({});
  e.set('k', 1);
  e.set('k', { get x() { e.delete('k'); return 1; } });
  expect(e.verify()).toEqual([]);
});
it('sizeOf reentry insert', () => {
  const e: CacheEngine<string, unknown> = new CacheEngine<string, unknown>({ sizeOf: (v) => { if (v === 1) e.set('k', 2); return 1; } });
  e.set('k', 1);
  expect(e.verify()).toEqual([]);
});
it('null ttl', () => { expect(() => new CacheEngine({ ttlMs: null as never })).toThrow(/ttlMs/); });
it('odd prototypes', () => { const e = new CacheEngine(); e.set(1, Object.create(Map.prototype)); e.set(2, Object.create(ArrayBuffer.prototype)); });
it('sparse', () => { const t = Date.now(); const e = new CacheEngine(); const a: number[] = []; a[5e7] = 1; e.set(1, a); expect(Date.now() - t).toBeLessThan(200); });
it('abandoned iterators', () => { const t = Date.now(); const e = new CacheEngine<number, number>(); for (let i = 0; i < 5000; i++) { e.set(i, i); e.keys().next(); e.get(0); } expect(Date.now() - t).toBeLessThan(500); });
