/**
 * cas ids of a server that numbers otherwise than the tables do, which begin at 1 and give one to each item stored.
 * memcached 1.6.45 begins at 2, and gives one to each attempt. Ids are learnt from the replies, by their place.
 */

import { expected, type Row } from '../wire-table.js';

/** Larger ids are made up by the rows, to match nothing. */
const LARGEST_GIVEN = 1000n;

/** Ids in requests: of cas, of the flag C; in packets the last eight bytes of the header. */
const SENT = /(^cas(?: \S+){4} | C)(\d+)(?=[ \r])|(?<=\x80[\s\S]{15})([\s\S]{8})/gm;
/** Ids in replies: of gets and gats, of the flag c, of me. */
const TOLD =
  /(\bVALUE \S+ \d+ \d+ |\b(?:HD|VA|EX|NS|NF|EN)\b[^\r\n]* c|\bME .* cas=)(\d+)(?=[ \r])|(?<=\x81[\s\S]{15})([\s\S]{8})/gm;

export class CasIds {
  readonly #theirs = new Map<bigint, bigint>();
  readonly #ours = new Map<bigint, bigint>();
  readonly #explicit: ReadonlySet<bigint>;
  readonly #expected: readonly bigint[];
  #offset = 1n;

  constructor(row: Row) {
    const sent = row.turns.map((turn) => (turn.length === 1 ? '' : turn[0])).join('');
    this.#explicit = new Set(Array.from(sent.matchAll(/ E(\d+)(?=[ \r])/g), (match) => BigInt(match[1]!)));
    this.#expected = Array.from(expected(row).matchAll(TOLD), idOf);
  }

  /** A request of the row, with the server's ids in it. */
  request(bytes: string): string {
    return bytes.replace(SENT, (...match) => withId(match, this.#toTheirs(idOf(match as string[]))));
  }

  /** All replies so far, with the row's ids in them. */
  replies(bytes: string): string {
    let index = 0;
    return bytes.replace(TOLD, (...match) => {
      const told = idOf(match as string[]);
      this.#learn(this.#expected[index++], told);
      return withId(match, this.#ours.get(told) ?? told);
    });
  }

  #toTheirs(id: bigint): bigint {
    if (id === 0n || id > LARGEST_GIVEN || this.#explicit.has(id)) return id;
    return this.#theirs.get(id) ?? id + this.#offset;
  }

  #learn(ours: bigint | undefined, theirs: bigint): void {
    if (ours === undefined || ours === 0n || theirs === 0n || this.#explicit.has(theirs)) return;
    if (this.#ours.has(theirs) || this.#theirs.has(ours)) return;
    this.#ours.set(theirs, ours);
    this.#theirs.set(ours, theirs);
    this.#offset = theirs - ours;
  }
}

function idOf(match: readonly string[]): bigint {
  if (match[2] !== undefined) return BigInt(match[2]);
  return Buffer.from(match[3]!, 'latin1').readBigUInt64BE();
}

function withId(match: readonly unknown[], id: bigint): string {
  if (match[2] !== undefined) return `${match[1]}${id}`;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(id);
  return bytes.toString('latin1');
}
