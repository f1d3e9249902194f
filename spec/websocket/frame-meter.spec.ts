/** How much of a message has come that is not whole, wherever the bytes are cut. */

import { expect, it } from 'vitest';
import { FrameMeter } from '../../lib/websocket/frame-meter.js';
import { frame } from './raw-frames.js';

const MESSAGES: readonly (readonly Buffer[])[] = [
  [frame('')],
  [frame('hello')],
  [frame('x'.repeat(125))],
  [frame('x'.repeat(126))],
  [frame('x'.repeat(65_536))],
  [frame('ping', { opcode: 9 })],
  [
    frame('a', { fin: false }),
    frame('ping', { opcode: 9 }),
    frame('', { opcode: 0, fin: false }),
    frame('b', { opcode: 0 }),
  ],
];

it('is nothing at the end of each message, and grows by each byte until then', () => {
  const meter = new FrameMeter();
  for (const frames of MESSAGES) {
    let control = 0;
    let sent = 0;
    for (const each of frames) {
      const isControl = (each[0]! & 8) !== 0;
      for (const [at] of each.entries()) {
        meter.push(each.subarray(at, at + 1));
        sent++;
        const isEnd = at === each.length - 1;
        if (isEnd && isControl) control += each.length;
        const isWhole = isEnd && each === frames.at(-1);
        expect(meter.unfinishedBytes).toBe(isWhole ? 0 : sent - control);
      }
    }
  }
});

it.each([1, 7, 1000, 70_000])('is the same in chunks of %i bytes', (size) => {
  const meter = new FrameMeter();
  const all = Buffer.concat(MESSAGES.flat());
  for (let at = 0; at < all.length; at += size) meter.push(all.subarray(at, at + size));
  expect(meter.unfinishedBytes).toBe(0);
  meter.push(frame('v', { length: 2 ** 40 }));
  expect(meter.unfinishedBytes).toBe(15);
});
