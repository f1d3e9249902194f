/**
 * `stats detail`: reads, writes and deletions by the prefix of their keys, where a key has one. Off, it costs
 * one check of a property. Clients choose the keys, so the number of prefixes is bounded: the first ones are counted.
 */

/** Some 2 MiB at most, with the longest of keys. */
export const PREFIXES_MAX = 4096;

export const DEFAULT_PREFIX_DELIMITER = ':';

interface PrefixCounts {
  get: number;
  hit: number;
  set: number;
  del: number;
}

/** In binary keys: such a prefix would break the dump's lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNPRINTABLE = /[\x00-\x20\x7f]/;

export class PrefixStats {
  readonly delimiter: string;
  /** Whether operations are recorded: check this before calling the methods that record. */
  enabled: boolean;
  readonly #prefixes = new Map<string, PrefixCounts>();

  /** A `delimiter` (`-D`) also turns it on. */
  constructor(delimiter?: string) {
    this.delimiter = delimiter ?? DEFAULT_PREFIX_DELIMITER;
    this.enabled = delimiter !== undefined;
  }

  recordGet(key: string, hit: boolean): void {
    const counts = this.#countsOf(key);
    if (counts === undefined) return;
    counts.get++;
    if (hit) counts.hit++;
  }

  recordSet(key: string): void {
    const counts = this.#countsOf(key);
    if (counts !== undefined) counts.set++;
  }

  recordDelete(key: string): void {
    const counts = this.#countsOf(key);
    if (counts !== undefined) counts.del++;
  }

  #countsOf(key: string): PrefixCounts | undefined {
    const end = key.indexOf(this.delimiter);
    if (end === -1) return undefined;
    const prefix = key.slice(0, end);
    if (UNPRINTABLE.test(prefix)) return undefined;
    let counts = this.#prefixes.get(prefix);
    if (counts === undefined && this.#prefixes.size < PREFIXES_MAX) {
      counts = { get: 0, hit: 0, set: 0, del: 0 };
      this.#prefixes.set(prefix, counts);
    }
    return counts;
  }

  clear(): void {
    this.#prefixes.clear();
  }

  /** As `stats detail dump` answers. */
  dump(): string {
    let text = '';
    for (const [prefix, { get, hit, set, del }] of this.#prefixes)
      text += `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`;
    return `${text}END\r\n`;
  }
}
