/**
 * Wire tables: conversations as bytes in and bytes out, the same for every transport and for memcached itself.
 * In a table `|` stands for CRLF, so that requests and replies fit on a line.
 */

/**
 * Bytes sent and the exact bytes that come back, on a second connection if the turn says `beside`; or seconds
 * that pass.
 */
export type Turn =
  | readonly [send: string, reply: string, where?: 'beside' | undefined]
  | readonly [seconds: number];

export interface Row {
  readonly title: string;
  readonly turns: readonly Turn[];
  /** The server ends the connection after the last reply. */
  readonly closes?: boolean;
  /** Why Debian's memcached 1.6.18 answers otherwise. A row that says so must really differ there. */
  readonly differs?: string;
  /** Why 1.6.18 does not run the row: its answer varies, or comes from elsewhere. */
  readonly not1618?: string;
  /** Where hotset answers otherwise than memcached 1.6.45. docs/memcached.md lists these rows. */
  readonly deviates?: Deviation;
  /** Why no memcached runs the row: it needs something that a test machine does not have. */
  readonly ours?: string;
  /** Feeding in pieces changes the answer, as it does for memcached: only whole packets are tried. */
  readonly wholeOnly?: boolean;
}

export interface Deviation {
  /** What memcached 1.6.45 answers, turn by turn where there are several. */
  readonly answers: readonly string[];
  readonly closes?: boolean;
  /** Why hotset does not, for readers of the documentation. */
  readonly reason: string;
  /** In words, where bytes say nothing to a reader. */
  readonly shown?: { readonly sent: string; readonly memcached: string; readonly hotset: string };
}

export interface Table {
  readonly name: string;
  readonly rows: readonly Row[];
}

type RowOptions = Omit<Row, 'title' | 'turns'>;

export function row(title: string, turns: readonly Turn[], options: RowOptions = {}): Row {
  const { deviates } = options;
  return {
    title,
    turns: turns.map((turn) => (turn.length === 1 ? turn : [wire(turn[0]), wire(turn[1]), turn[2]])),
    ...options,
    ...(deviates && { deviates: { ...deviates, answers: deviates.answers.map(wire) } }),
  };
}

/** The row with the answers of memcached 1.6.45 in it. */
export function asAnsweredByReference(candidate: Row): Row {
  const { deviates } = candidate;
  if (deviates === undefined) return candidate;
  const answers = [...deviates.answers];
  const turns = candidate.turns.map(
    (turn): Turn => (turn.length === 1 ? turn : [turn[0], answers.shift() ?? '', turn[2]]),
  );
  return { ...candidate, turns, closes: deviates.closes === true };
}

export function wire(text: string): string {
  return text.replaceAll('|', '\r\n');
}

export function secondsIn(candidate: Row): number {
  return candidate.turns.reduce((sum, turn) => sum + (turn.length === 1 ? turn[0] : 0), 0);
}

/** A row's replies, joined: all that the client receives. */
export function expected(candidate: Row): string {
  return candidate.turns.map((turn) => (turn.length === 1 ? '' : turn[1])).join('');
}

/** The families of differences between 1.6.18 and the reference, as rows name them. */
export const DIFFERENCE = {
  shortLine: '1.6.18 answers ERROR to blank and one-character lines',
  leadingSpace: '1.6.18 skips spaces before a command',
  arguments: '1.6.18 counts arguments and answers ERROR to too few or too many',
  deleteUsage: '1.6.18 answers delete with its usage text',
  deleteStrict: 'hotset refuses more than four tokens for delete, which memccapable demands',
  swallow: '1.6.18 does not pass over the data of a refused line',
  strictNumbers: '1.6.18 reads these numbers with strtol, which takes blanks, signs and wider numbers',
  quietErrors: '1.6.18 silences or answers errors of malformed lines with noreply the other way round',
  adminNoreply: '1.6.18 knows noreply of other administrative commands',
  shutdownText: '1.6.18 words the refusal of shutdown otherwise',
  version: '1.6.18 has another version',
  verbosity: '1.6.18 answers ERROR without a level',
  explicitCas: '1.6.18 has no E flag',
  metaSize: '1.6.18 does not return s from ms',
  metaRemove: '1.6.18 has no x flag',
  metaGetCas: '1.6.18 ignores C on mg',
  metaMode: '1.6.18 takes modes of exactly one letter',
  metaVivify: '1.6.18 does not create items with MA and MP',
  metaErrors: '1.6.18 words errors of meta flags otherwise',
  metaTokens: '1.6.18 takes 19 words at most, and words it otherwise',
  metaQuiet: '1.6.18 answers HD when ma with q creates an item',
  metaExptime: '1.6.18 tells the time to live with the sign turned',
  binaryBody: '1.6.18 passes over too much after an unknown opcode with a body',
} as const;
