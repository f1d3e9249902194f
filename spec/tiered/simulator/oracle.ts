/**
 * What a read may return: docs/tiered.md, "What a read may return", as a checker. Every version of a key has a number, and a
 * read must not return one that a rule says is over.
 */

/** One value of a key in the source of truth, and what became of the write that told the cache. */
export interface Version {
  readonly key: string;
  readonly n: number;
  /** Undefined: the key has no value any more. */
  readonly value: string | undefined;
  readonly writer: string;
  /** The writer hands the value to the cache; else it only has the old one removed. */
  readonly isSet: boolean;
  /** How the write reached the key in the second tier: the key itself, a tag's version, or (the empty one) that of all. */
  readonly scope: string;
  readonly commitMs: number;
  /** When the second tier first carried it out. */
  execMs: number | undefined;
  /** When the writer knew that it was. */
  ackMs: number | undefined;
  /** When the writer had an answer: yes, or that nobody knows. */
  answeredMs: number | undefined;
}

export interface Terms {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly graceMs: number;
  readonly maxSilentMs: number;
  readonly maxStaleMs: number;
  readonly hasLeases: boolean;
  /** The source of invalidations; without one, only TTLs bound the age. */
  readonly hasSource: boolean;
  /** Messages may be lost while the link stays up, and nothing proves that none was. */
  readonly isLossy: boolean;
  /** The longest that a load takes, waiting for others' included. */
  readonly flightMs: number;
}

/** The link of one process, as its source reports it: an account of its own, to compare the cache's with. */
export class LinkAccount {
  readonly #terms: Terms;
  #untilMs = Number.NEGATIVE_INFINITY;
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  #isUp = false;
  /** By key and scope: when the last change that was reported was carried out, or later. */
  readonly #toldMs = new Map<string, number>();

  constructor(terms: Terms) {
    this.#terms = terms;
    if (!terms.hasSource) this.#untilMs = Number.POSITIVE_INFINITY;
  }

  connected(nowMs: number): void {
    this.#isUp = true;
    this.#sync(nowMs);
  }

  alive(sentAtMs: number): void {
    if (this.#isUp && sentAtMs > this.#syncedAtMs) this.#sync(sentAtMs);
  }

  disconnected(nowMs: number): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    const { maxSilentMs, maxStaleMs } = this.#terms;
    this.#untilMs = Math.min(nowMs, this.#syncedAtMs + maxSilentMs) + maxStaleMs;
  }

  isTrusted(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  tell(key: string, scope: string, changedAtMs: number): void {
    this.#toldMs.set(`${key} ${scope}`, Math.max(changedAtMs, this.toldMs(key, scope)));
  }

  toldMs(key: string, scope: string): number {
    return this.#toldMs.get(`${key} ${scope}`) ?? Number.NEGATIVE_INFINITY;
  }

  #sync(atMs: number): void {
    this.#syncedAtMs = atMs;
    this.#untilMs = atMs + this.#terms.maxSilentMs + this.#terms.maxStaleMs;
  }
}

/** The rules, each with the newest version that it demands of a read. */
export interface Demands {
  readonly key: string;
  readonly process: string;
  readonly calledAtMs: number;
  /** An own write, acknowledged or not. */
  readonly own: number;
  /** A change that was reported to the process. */
  readonly told: number;
  /** Acknowledged before the read, and the first tier is out of use. */
  readonly untrusted: number;
  /** Acknowledged longer ago than the link may be silent and the first tier be trusted after that. */
  readonly aged: number;
  /** Acknowledged longer ago than any value lives. */
  readonly old: number;
  /** Carried out, and all has been well for long. */
  readonly last: number;
}

export class Oracle {
  readonly #terms: Terms;
  readonly #versions = new Map<string, Version[]>();
  /** By `key@n`: when the second tier last stored it other than under a lease. */
  readonly #landed = new Map<string, number>();

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  of(key: string): readonly Version[] {
    return this.#versions.get(key)!;
  }

  latest(key: string): Version {
    return this.of(key).at(-1)!;
  }

  commit(
    key: string,
    writer: string,
    isSet: boolean,
    scope: string,
    hasValue: boolean,
    nowMs: number,
  ): Version {
    const versions = this.#versions.get(key) ?? [];
    this.#versions.set(key, versions);
    const n = versions.length + 1;
    const value = hasValue ? `${key}@${n}` : undefined;
    const version = {
      key,
      n,
      value,
      writer,
      isSet,
      scope,
      commitMs: nowMs,
      execMs: undefined,
      ackMs: undefined,
      answeredMs: undefined,
    };
    versions.push(version);
    return version;
  }

  /** The second tier no longer has what is older than version `n`. */
  executed(key: string, n: number, nowMs: number): void {
    const versions = this.of(key);
    for (let at = n - 1; at >= 0 && versions[at]!.execMs === undefined; at--) versions[at]!.execMs = nowMs;
  }

  /** The second tier has stored version `n`, and not under a lease; undefined: that there is no value. */
  landed(key: string, n: number | undefined, nowMs: number): void {
    const version =
      n === undefined ? this.of(key).findLast(({ value }) => value === undefined) : this.of(key)[n - 1];
    if (version === undefined) return;
    // With leases only a write that nobody knows the end of may land at any time; without, every load may.
    const mayLandLate = !this.#terms.hasLeases || (version.isSet && version.ackMs === undefined);
    if (mayLandLate) this.#landed.set(`${key}@${version.n}`, nowMs);
  }

  demands(
    key: string,
    process: string,
    link: LinkAccount,
    isLoading: boolean,
    nowMs: number,
    mustBeSeen: (version: Version) => boolean,
  ): Demands {
    const { ttlMs, staleMs, graceMs, maxSilentMs, maxStaleMs, hasSource, isLossy, flightMs } = this.#terms;
    // It may join a load that began before.
    const joinMs = isLoading ? flightMs : 0;
    const acknowledgedBy = (ms: number): number =>
      this.#newest(key, ({ ackMs }) => ackMs !== undefined && ackMs <= ms);
    const lifeMs = ttlMs + staleMs;
    const agedMs = hasSource && !isLossy ? maxSilentMs + maxStaleMs : lifeMs + flightMs;
    return {
      key,
      process,
      calledAtMs: nowMs,
      own: this.#newest(key, ({ writer, answeredMs }) => writer === process && answeredMs !== undefined),
      told: this.#newest(
        key,
        ({ execMs, scope }) => execMs !== undefined && execMs <= link.toldMs(key, scope),
      ),
      untrusted: link.isTrusted(nowMs) ? 0 : acknowledgedBy(nowMs - joinMs),
      aged: acknowledgedBy(nowMs - Math.max(joinMs, agedMs)),
      old: acknowledgedBy(nowMs - lifeMs - graceMs - flightMs),
      last: this.#newest(key, mustBeSeen),
    };
  }

  #newest(key: string, isMeant: (version: Version) => boolean): number {
    return this.of(key).findLast(isMeant)?.n ?? 0;
  }

  /** What is wrong with an answer; undefined where nothing is. */
  fault(demands: Demands, value: unknown, mayBeGrace: boolean): string | undefined {
    const { own, told, untrusted, aged, old, last } = demands;
    const rules: Record<string, number> = mayBeGrace
      ? { own, told, old, last }
      : { own, told, untrusted, aged, last };
    // There may have been no value more than once.
    const meant = this.of(demands.key).filter((version) => version.value === value);
    const broken = meant.map((version) =>
      Object.keys(rules).find((rule) => !this.#holds(version, rules[rule]!)),
    );
    if (broken.includes(undefined)) return undefined;
    if (meant.length === 0) return `${String(value)} was never the value`;
    const rule = broken.at(-1)!;
    return `${String(value)} breaks the rule "${rule}", which demands version ${rules[rule]}`;
  }

  #holds({ key, n }: Version, demanded: number): boolean {
    if (n >= demanded) return true;
    const over = this.of(key)
      .slice(n, demanded)
      .map(({ execMs, commitMs }) => execMs ?? commitMs);
    return (this.#landed.get(`${key}@${n}`) ?? Number.NEGATIVE_INFINITY) >= Math.max(...over);
  }
}
