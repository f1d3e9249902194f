/** Commands with a byte or two changed, left out, put in, doubled, or cut off. */

import type { Random } from './random.js';
import { isMark, parts } from './template.js';

const TELLING = [' ', '\r', '\n', '\0', '\t', '0', '9', '-', '+', 'b', 'k', 'q', 'v', '\xff', '\x80', ':'];

export function mutated(template: string, random: Random): string {
  const pieces = parts(template);
  const changeable = pieces.flatMap((piece, index) => (isMark(piece) || piece === '' ? [] : [index]));
  for (let times = random.weighted([[3, 1] as const, [1, 2] as const]); times > 0; times--) {
    const index = random.pick(changeable);
    const piece = pieces[index]!;
    // Mostly near the beginning: the end of a command may be long data.
    const at = random.below(random.chance(0.7) ? Math.min(piece.length, 24) : piece.length);
    const inserted = random.chance(0.6) ? random.pick(TELLING) : String.fromCharCode(random.below(256));
    const before = piece.slice(0, at);
    pieces[index] = random.weighted([
      [3, `${before}${inserted}${piece.slice(at + 1)}`],
      [3, `${before}${inserted}${piece.slice(at)}`],
      [3, `${before}${piece.slice(at + 1)}`],
      [1, `${before}${piece.slice(at, at + 4)}${piece.slice(at)}`],
      [1, `${before}\r\n`],
    ] as const);
    if (pieces[index] === '') changeable.splice(changeable.indexOf(index), 1);
    if (changeable.length === 0) break;
  }
  return pieces.join('');
}
