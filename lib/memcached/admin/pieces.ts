/** Puts lines together to the pieces that an AdminAnswer has: see answer.ts. */

const PIECE_BYTES = 8 * 1024;

/** `lines` with null where others should have their turn. Closing the pieces closes the lines. */
export function* pieces(lines: Iterable<string | null>): Generator<string, void, undefined> {
  let piece = '';
  for (const line of lines) {
    if (line !== null) piece += line;
    if (line !== null && piece.length < PIECE_BYTES) continue;
    if (piece !== '') yield piece;
    piece = '';
    if (line === null) yield '';
  }
  if (piece !== '') yield piece;
}
