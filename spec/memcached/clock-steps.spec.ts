/** The wall clock is set while a server runs: durations go on as they were, Unix times follow it. */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { Administered, START_SECONDS } from './admin/fixture.js';

const HOUR_MS = 3_600_000;
/** Where the wall clock begins: far from the other one. */
const WALL_SECONDS = START_SECONDS + 10_000_000;

/** With a wall clock beside the one for durations. */
class TwoClocks extends Administered {
  readonly wall: ManualClock;

  constructor() {
    const wall = new ManualClock(WALL_SECONDS * 1000);
    super({ clock: wall });
    this.wall = wall;
  }

  /** Time passes on both. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.wall.advance(ms);
  }

  timeLeft(key: string): string {
    return this.ask(`mg ${key} t u\r\n`);
  }
}

function unixIn(seconds: number): number {
  return WALL_SECONDS + seconds;
}

/** Commands that give the item `a`, which may be there with the value 5, an exptime. */
const GIVEN: readonly (readonly [name: string, command: (exptime: number) => string])[] = [
  ['set', (exptime) => `set a 0 ${exptime} 1\r\n5\r\n`],
  ['cas', (exptime) => `cas a 0 ${exptime} 1 1\r\n5\r\n`],
  ['replace', (exptime) => `replace a 0 ${exptime} 1\r\n5\r\n`],
  ['add', (exptime) => `delete a\r\nadd a 0 ${exptime} 1\r\n5\r\n`],
  ['touch', (exptime) => `touch a ${exptime}\r\n`],
  ['gat', (exptime) => `gat ${exptime} a\r\n`],
  ['ms', (exptime) => `ms a 1 T${exptime}\r\n5\r\n`],
  ['ms with a long line', (exptime) => `ms a 1 T${exptime} c k\r\n5\r\n`],
  ['ms that creates by MA', (exptime) => `delete a\r\nms a 1 MA N${exptime}\r\n5\r\n`],
  ['mg T', (exptime) => `mg a T${exptime}\r\n`],
  ['mg N', (exptime) => `delete a\r\nmg a N${exptime}\r\n`],
  ['ma T', (exptime) => `ma a T${exptime}\r\n`],
  ['ma N', (exptime) => `delete a\r\nma a N${exptime}\r\n`],
  ['md I', (exptime) => `md a I T${exptime}\r\n`],
  ['md x', (exptime) => `md a x T${exptime}\r\n`],
];

/** What leaves an item's time as it is. */
const KEEPING = [
  'append a 0 0 1\r\n5\r\n',
  'ms a 1 MP\r\n5\r\n',
  'incr a 1\r\n',
  'incr a 1000\r\n',
  'md a I\r\nms a 1 I C1\r\n5\r\n',
  'mg a\r\n',
];

describe.each(GIVEN)('an exptime by %s', (_name, command) => {
  function given(exptime: number): TwoClocks {
    const admin = new TwoClocks();
    admin.set('a', '5');
    admin.ask(command(exptime));
    expect(admin.timeLeft('a')).toContain('HD t100');
    return admin;
  }

  it.each([HOUR_MS, -2 * HOUR_MS])('in seconds is left alone when the wall clock goes by %i ms', (stepMs) => {
    const admin = given(100);
    admin.wall.advance(stepMs);
    expect(admin.timeLeft('a')).toContain('HD t100');
    admin.pass(99_999);
    expect(admin.timeLeft('a')).toContain('HD t1');
    admin.pass(1);
    expect(admin.timeLeft('a')).toBe('EN\r\n');
  });

  it('in Unix time is gone when the wall clock has been put past it', () => {
    const admin = given(unixIn(100));
    admin.wall.advance(99_000);
    expect(admin.timeLeft('a')).toContain('HD t1');
    admin.wall.advance(1000);
    expect(admin.timeLeft('a')).toBe('EN\r\n');
  });

  it('in Unix time lives on when the wall clock has been put back', () => {
    const admin = given(unixIn(100));
    admin.wall.advance(-HOUR_MS);
    expect(admin.timeLeft('a')).toContain('HD t3700');
    admin.wall.advance(HOUR_MS);
    expect(admin.timeLeft('a')).toContain('HD t100');
    admin.pass(100_000);
    expect(admin.timeLeft('a')).toBe('EN\r\n');
  });

  it('takes the place of one in Unix time', () => {
    const admin = new TwoClocks();
    admin.set('a', '5', unixIn(500));
    admin.ask(command(100));
    admin.wall.advance(HOUR_MS);
    expect(admin.timeLeft('a')).toContain('HD t100');
  });
});

describe('an exptime in Unix time', () => {
  it.each(KEEPING)('follows the wall clock after %o', (command) => {
    const admin = new TwoClocks();
    admin.set('a', '5', unixIn(5000));
    admin.ask(command);
    admin.wall.advance(HOUR_MS);
    expect(admin.timeLeft('a')).toContain('HD t1400');
  });

  it('gives way to a time to live in milliseconds', () => {
    const admin = new TwoClocks();
    admin.set('a', '5', unixIn(5000));
    admin.items.touchMs(admin.items.peekText('a'), 100_000);
    admin.wall.advance(HOUR_MS);
    expect(admin.timeLeft('a')).toBe('HD t100\r\n');
  });

  it('is that of the wall clock as it is by now', () => {
    const admin = new TwoClocks();
    admin.wall.advance(HOUR_MS);
    admin.set('a', '5', unixIn(3700));
    expect(admin.timeLeft('a')).toBe('HD t100\r\n');
    admin.wall.advance(-HOUR_MS);
    admin.set('b', '5', unixIn(100));
    expect(admin.ask('mg a t u\r\nmg b t u\r\n')).toBe('HD t3700\r\nHD t100\r\n');
  });

  it('follows in slices, and twice where the clock is set again meanwhile', () => {
    const admin = new TwoClocks();
    for (let i = 0; i < 25_000; i++) admin.set(`k${i}`, 'v', unixIn(5000));
    admin.wall.advance(1_000_000);
    expect(admin.ask('mn\r\n')).toBe('MN\r\n');
    admin.set('late', 'v', unixIn(5000));
    admin.wall.advance(2_000_000);
    for (let turn = 0; turn < 4; turn++) admin.ask('mn\r\n');
    for (const key of ['k0', 'k12000', 'k24999', 'late']) expect(admin.timeLeft(key)).toBe('HD t2000\r\n');
    expect(admin.engine.verify()).toEqual([]);
  });

  it('takes no step of less than a second', () => {
    const admin = new TwoClocks();
    admin.set('a', '5', unixIn(100));
    for (let i = 0; i < 5; i++) admin.wall.advance(i % 2 === 0 ? 999 : -999);
    expect(admin.timeLeft('a')).toBe('HD t100\r\n');
    admin.wall.advance(1);
    expect(admin.timeLeft('a')).toBe('HD t99\r\n');
  });
});

describe('when the wall clock is set', () => {
  it.each([HOUR_MS, -2 * HOUR_MS])('by %i ms, uptime goes on, and time is what it shows', (stepMs) => {
    const admin = new TwoClocks();
    const before = admin.stat('uptime');
    admin.wall.advance(stepMs);
    admin.pass(7000);
    expect(admin.stat('uptime')).toBe(before + 7);
    expect(admin.stat('time')).toBe(WALL_SECONDS + stepMs / 1000 + 7);
  });

  it.each([HOUR_MS, -2 * HOUR_MS])('by %i ms, a delayed flush_all strikes in its time', (stepMs) => {
    const admin = new TwoClocks();
    admin.set('a');
    admin.ask('flush_all 10\r\n');
    admin.wall.advance(stepMs);
    admin.pass(8999);
    expect(admin.ask('get a\r\n')).toContain('VALUE');
    admin.pass(1);
    expect(admin.ask('get a\r\n')).toBe('END\r\n');
  });

  it('a flush_all of a Unix time follows it', () => {
    const admin = new TwoClocks();
    admin.set('b', 'v', unixIn(HOUR_MS));
    admin.ask(`flush_all ${unixIn(100)}\r\n`);
    admin.wall.advance(98_999);
    expect(admin.ask('get b\r\n')).toContain('VALUE');
    admin.wall.advance(1000);
    expect(admin.ask('get b\r\n')).toBe('END\r\n');
  });

  it.each([HOUR_MS, -2 * HOUR_MS])('by %i ms, what is late with its data loses no time', (stepMs) => {
    const admin = new TwoClocks();
    admin.ask('set a 0 100 5\r\nab');
    admin.wall.advance(stepMs);
    admin.pass(40_000);
    expect(admin.ask('cde\r\n')).toBe('STORED\r\n');
    expect(admin.timeLeft('a')).toBe('HD t60\r\n');
  });

  it('the times of last use follow it', () => {
    const admin = new TwoClocks();
    admin.set('a', 'v', 100);
    admin.pass(10_000);
    admin.wall.advance(HOUR_MS);
    expect(admin.ask('mg a l t u\r\n')).toBe('HD l10 t90\r\n');
    const now = WALL_SECONDS + 3610;
    expect(admin.ask('lru_crawler metadump all\r\n')).toContain(`exp=${now + 90} la=${now - 10} `);
  });
});

it.each([1, 5, 13, 3600])(
  'time since the last access is a number when the clock for durations goes back %i s',
  (seconds) => {
    const admin = new Administered();
    admin.set('k');
    admin.clock.advance(-1000 * seconds);
    expect(admin.ask('mg k l\r\n')).toBe('HD l0\r\n');
  },
);
