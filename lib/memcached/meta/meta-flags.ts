/** The flags of one meta command: protocol.txt, "Meta Commands". Refilled for each. */

type LowerFlag = 'b' | 'c' | 'f' | 'h' | 'k' | 'l' | 'q' | 's' | 't' | 'u' | 'v' | 'x';
type UpperFlag = 'C' | 'D' | 'E' | 'F' | 'I' | 'J' | 'L' | 'M' | 'N' | 'O' | 'P' | 'R' | 'T';

/** Bits for lower-case flags, as they stand in `lower`. */
export const LOWER: Readonly<Record<LowerFlag, number>> = bits<LowerFlag>('bcfhklqstuvx');
/** Bits for upper-case flags, as they stand in `upper`. L and P are reserved and mean nothing. */
export const UPPER: Readonly<Record<UpperFlag, number>> = bits<UpperFlag>('CDEFIJLMNOPRT');

/** The bytes of flags that act or return something at their place in the line. */
export const LETTER = {
  N: 0x4e,
  O: 0x4f,
  R: 0x52,
  T: 0x54,
  b: 0x62,
  c: 0x63,
  f: 0x66,
  h: 0x68,
  k: 0x6b,
  l: 0x6c,
  s: 0x73,
  t: 0x74,
} as const;

/** A bit for each letter; the case decides in which of the two masks it stands. */
function bits<Flag extends string>(letters: string): Record<Flag, number> {
  return Object.fromEntries(
    Array.from(letters, (letter) => [letter, 1 << (letter.toLowerCase().charCodeAt(0) - 0x61)]),
  ) as Record<Flag, number>;
}

/** The most flags that a line may have: see meta-parser.ts. */
export const FLAGS_MAX = 18;

export class MetaFlags {
  /** The first bytes of the flags in the order of the request, which is the order of the reply. */
  readonly letters: Uint8Array = new Uint8Array(FLAGS_MAX);
  count = 0;
  /** Which flags are there: bits of LOWER and UPPER. */
  lower = 0;
  upper = 0;

  /** The whole O token, to be echoed. */
  opaque = '';
  /** T: seconds as the wire counts them; as are N and R. */
  exptime = 0;
  vivifyExptime = 0;
  recacheExptime = 0;
  /** C: the version to compare with. */
  cas: number | bigint = 0;
  /** E: the version to give. */
  newCas: number | bigint = 0;
  /** F */
  clientFlags = 0;
  /** M: the first letter of its argument, 0 for none. */
  mode = 0;
  /** J and D */
  initial: number | bigint = 0;
  delta: number | bigint = 1;

  reset(): void {
    this.count = 0;
    this.lower = 0;
    this.upper = 0;
    this.opaque = '';
    this.exptime = 0;
    this.vivifyExptime = 0;
    this.recacheExptime = 0;
    this.cas = 0;
    this.newCas = 0;
    this.clientFlags = 0;
    this.mode = 0;
    this.initial = 0;
    this.delta = 1;
  }

  /** Whether any of these lower-case flags is there. */
  has(bits: number): boolean {
    return (this.lower & bits) !== 0;
  }

  /** Whether any of these upper-case flags is there. */
  hasUpper(bits: number): boolean {
    return (this.upper & bits) !== 0;
  }
}
