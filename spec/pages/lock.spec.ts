/** The lock's own code, interleaved access by access, with threads that end at any of them. */

import { afterEach, expect, it, vi } from 'vitest';
import { LOCK_WORDS, Locks } from '../../lib/pages/lock.js';
import { randomFrom } from '../model/random.js';
import { Interleavings } from './interleavings.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 300);
const THREADS = 3;
const ROUNDS = 2;
/** Few, so that threads sleep often. */
const SPINS = 1;
const MAX_STEPS = 20_000;

// What the lock guards: two words that are the same whenever nobody changes them.
const LEFT = LOCK_WORDS;
const RIGHT = LOCK_WORDS + 1;

afterEach(() => vi.unstubAllGlobals());

interface Outcome {
  readonly steps: number;
  readonly left: number;
  readonly right: number;
  readonly emptied: number;
}

/** Each thread adds 1 to both words, `ROUNDS` times. After `killAt` steps one of them ends where it is. */
function history(seed: number, killAt: number): Outcome {
  const random = randomFrom(seed);
  const threads = new Interleavings(random, Number.isFinite(killAt));
  const words = threads.shared(2 * LOCK_WORDS);
  const inside = new Set<number>();
  let emptied = 0;
  for (let thread = 0; thread < THREADS; thread++)
    threads.add(() => {
      const liveness = { hasEnded: (holder: number) => threads.step(() => threads.isDead(holder - 1)) };
      const locks = new Locks(words, thread + 1, liveness, SPINS);
      for (let round = 0; round < ROUNDS; round++) {
        expect(locks.take(0)).toBe(true);
        threads.step(() => {
          for (const other of inside) if (threads.isDead(other)) inside.delete(other);
          inside.add(thread);
          expect(inside.size, 'one thread holds the lock').toBe(1);
        });
        if (locks.isHalfChanged(0)) {
          locks.beginChange(0);
          words[LEFT] = 0;
          words[RIGHT] = 0;
          locks.endChange(0);
          threads.step(() => emptied++);
        }
        const left = words[LEFT]!;
        expect(words[RIGHT], 'nothing half-written is seen').toBe(left);
        locks.beginChange(0);
        words[LEFT] = left + 1;
        words[RIGHT] = left + 1;
        locks.endChange(0);
        threads.step(() => inside.delete(thread));
        locks.release(0);
      }
    });
  threads.run(MAX_STEPS, () => {
    if (threads.steps === killAt) threads.kill(random(THREADS));
  });
  const memory = snapshotOf(words, threads);
  return { steps: threads.steps, left: memory[LEFT]!, right: memory[RIGHT]!, emptied };
}

/** What the words hold at the end. */
function snapshotOf(words: Int32Array, threads: Interleavings): Int32Array {
  const copy = new Int32Array(2 * LOCK_WORDS);
  threads.add(() => {
    for (let i = 0; i < copy.length; i++) {
      const word = words[i]!;
      copy[i] = word;
    }
  });
  threads.run(Number.POSITIVE_INFINITY);
  return copy;
}

it('lets one thread in at a time, loses no wake-up and no addition', () => {
  for (let seed = 1; seed <= RUNS; seed++)
    expect(history(seed, Number.POSITIVE_INFINITY)).toMatchObject({
      left: THREADS * ROUNDS,
      right: THREADS * ROUNDS,
      emptied: 0,
    });
});

it('goes on after a thread has ended at any step, and nobody sees what it left half-done', () => {
  let emptied = 0;
  for (let seed = 1; seed <= Math.max(3, RUNS / 100); seed++) {
    const { steps } = history(seed, Number.POSITIVE_INFINITY);
    for (let killAt = 1; killAt < steps; killAt++) {
      const outcome = history(seed, killAt);
      emptied += outcome.emptied;
      // The dead thread may have died between two words with nobody left to look at them.
      if (outcome.left !== outcome.right) expect(Math.abs(outcome.left - outcome.right)).toBe(1);
    }
  }
  expect(emptied, 'some died in the middle of a change').toBeGreaterThan(0);
});

it('names its holder, and does not take a lock twice', () => {
  const words = new Int32Array(new SharedArrayBuffer(8 * LOCK_WORDS));
  const locks = new Locks(words, 7, { hasEnded: () => false });
  expect(locks.holderOf(1)).toBe(0);
  expect(locks.take(1)).toBe(true);
  expect(locks.take(1)).toBe(false);
  expect(locks.holderOf(1)).toBe(7);
  expect(locks.holderOf(0)).toBe(0);
  locks.release(1);
  expect(locks.holderOf(1)).toBe(0);
});
