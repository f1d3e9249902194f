/** The lines of the log: their times, their forms, and how many of them a flood may write. */

import { describe, expect, it } from 'vitest';
import { Log, type LogFormat } from '../../lib/cli/log.js';
import type { LogEvent } from '../../lib/server-log.js';

const REFUSED: LogEvent = { kind: 'connection-refused', level: 1, address: '127.0.0.1:4711' };
const COMMAND: LogEvent = { kind: 'command', level: 2 };

function makeLog(format: LogFormat = 'text'): { log: Log; lines: string[]; advance: (ms: number) => void } {
  let now = Date.UTC(2026, 0, 1);
  let timers: { dueMs: number; callback: () => void }[] = [];
  const lines: string[] = [];
  const log = new Log(format, {
    write: (text) => lines.push(text),
    now: () => now,
    after: (delayMs, callback) => timers.push({ dueMs: now + delayMs, callback }),
  });
  const advance = (ms: number): void => {
    now += ms;
    const due = timers.filter(({ dueMs }) => dueMs <= now);
    timers = timers.filter(({ dueMs }) => dueMs > now);
    for (const { callback } of due) callback();
  };
  return { log, lines, advance };
}

describe('a line', () => {
  it('has its time, and the address of the client', () => {
    const { log, lines, advance } = makeLog();
    log.write('a connection was refused', REFUSED);
    advance(1500);
    log.write('-k has no effect');
    expect(lines).toEqual([
      '2026-01-01T00:00:00.000Z hotset: a connection was refused (127.0.0.1:4711)\n',
      '2026-01-01T00:00:01.500Z hotset: -k has no effect\n',
    ]);
  });

  it('is one line that no terminal obeys', () => {
    const { log, lines } = makeLog();
    log.write('<2 get \x1b[2J\r\nx', COMMAND);
    expect(lines).toEqual(['2026-01-01T00:00:00.000Z hotset: <2 get ?[2J x\n']);
  });

  it('is a JSON object on request', () => {
    const { log, lines } = makeLog('json');
    log.write('a "connection"\nwas refused', REFUSED);
    log.write('-k has no effect');
    log.fail(new Error('no'));
    expect(lines.every((line) => /^[^\n]+\n$/.test(line))).toBe(true);
    const time = '2026-01-01T00:00:00.000Z';
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time,
        level: 'info',
        event: 'connection-refused',
        address: '127.0.0.1:4711',
        message: 'a "connection"\nwas refused',
      },
      { time, level: 'warn', message: '-k has no effect' },
      {
        time,
        level: 'warn',
        event: 'request-failed',
        message: expect.stringMatching(/^a request failed: Error: no\n/),
      },
    ]);
  });
});

describe('a flood', () => {
  it('of one kind is one line a second, the last of it, with the number of the others', () => {
    const { log, lines, advance } = makeLog();
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 1000; i++) log.write(`refused ${second}.${i}`, REFUSED);
      advance(1000);
    }
    advance(1000);
    log.write('refused again', REFUSED);
    const texts = lines.map((line) => line.replace(/^\S+ hotset: (.*) \(127.*?\)/, '$1'));
    expect(texts).toEqual([
      'refused 0.0\n',
      'refused 0.999; 998 more of the kind in this second\n',
      'refused 1.999; 999 more of the kind in this second\n',
      'refused 2.999; 999 more of the kind in this second\n',
      'refused again\n',
    ]);
  });

  it('of one kind hides no other', () => {
    const { log, lines } = makeLog();
    for (let i = 0; i < 10; i++) log.write('refused', REFUSED);
    log.write('failed', { kind: 'authentication-failed', level: 1 });
    log.fail(new Error('no'));
    expect(lines).toHaveLength(3);
  });

  it('of -vv is shown whole', () => {
    const { log, lines } = makeLog();
    for (let i = 0; i < 100; i++) log.write(`<2 get ${i}`, COMMAND);
    expect(lines).toHaveLength(100);
  });

  it('is reported at the end of the process', () => {
    const { log, lines } = makeLog('json');
    for (let i = 0; i < 10; i++) log.write(`refused ${i}`, REFUSED);
    log.flush();
    log.flush();
    expect(lines.map((line) => JSON.parse(line)).map(({ message, leftOut }) => [message, leftOut])).toEqual([
      ['refused 0', undefined],
      ['refused 9', 8],
    ]);
  });
});
