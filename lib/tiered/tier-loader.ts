/**
 * What stands between a LoadingCache and a user's loader: a key that the first tier does not answer is read from the second
 * tier, and loaded only where that has no value, under a lease.
 *
 *     read ── fresh ───────────────────────────────▶ answer
 *      │ ──── stale ───────────────────────────────▶ answer, and a refresh where the lease was got
 *      │ ──── absent or expired, another loads ──▶ wait, read again … ──▶ answer, or load after `leaseWaitMs`
 *      └ ──── absent or expired ─────────────────▶ load, fill under the lease ──▶ answer
 *
 * - A value is written after a load only under a lease that is still valid, where the tier has leases. Where it is not, the key
 *   was changed meanwhile: the value goes to those who wait, and into no tier.
 * - The versions of tags are read before the loader runs.
 * - A tier that fails is as good as none: the loader is asked, and what it brings stays in the first tier.
 *
 * One round trip finds fresh values of any number of keys (two where they have tags that are not known); a load takes two.
 */

import type { Clock } from '../engine/clock.js';
import { checkTags } from '../engine/tags.js';
import { invalidOption } from '../errors.js';
import type { CallAbort } from '../loading/call-abort.js';
import type { Flight } from '../loading/flight.js';
import { keptMs, type Windows } from '../loading/freshness.js';
import type { LoaderAdapter, Outcome, Plan, SourceAdapter } from '../loading/loader-adapter.js';
import type { ResolvedLoad } from '../loading/options.js';
import { type Scheduler, Timer } from '../scheduler.js';
import type { Envelopes, Opened } from './envelope.js';
import { FAILED, type GuardedTier } from './guarded-tier.js';
import type { Repairs } from './repairs.js';
import type { LeasedRead, TierEntry } from './second-tier.js';
import type { TierCounters } from './stats.js';
import type { TagVersions } from './tag-versions.js';
import type { TierKeys } from './tier-keys.js';

/** What it takes of the cache's options. */
export interface TierLoading extends Windows {
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  /** Fresh values are so in the first tier for so long at most. */
  readonly tierOneTtlMs: number;
  readonly ttlJitter: number;
  readonly random: () => number;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** A failure that reaches no caller. */
  readonly onError: (error: unknown, key: string) => void;
}

/** The parts of the cache that it uses. */
export interface TierParts<V> {
  readonly tier: GuardedTier;
  readonly keys: TierKeys;
  readonly versions: TagVersions;
  readonly envelopes: Envelopes<V>;
  readonly repairs: Repairs;
  readonly counters: TierCounters;
}

/** A value of the second tier. */
interface Found<V> extends Pick<Opened<V>, 'value' | 'versions'> {
  /** How long it is still fresh; negative: how long it has been stale. */
  readonly leftMs: number;
  readonly tags: readonly string[];
}

/** One key of a call. */
interface Job<V> {
  readonly flight: Flight<string, V>;
  readonly tierKey: string;
  /** What the tier has, if it can be read and is valid. */
  found: Found<V> | undefined;
  /** Whether the tier has anything under the key. */
  isPresent: boolean;
  lease: string | undefined;
  isLoading: boolean;
  /** The tier did not answer: nothing is written either. */
  hasFailed: boolean;
  outcome: Outcome<V> | undefined;
}

const NOT_KNOWN: Promise<typeof FAILED> = Promise.resolve(FAILED);
const NO_TAGS: readonly string[] = [];
const NONE: ReadonlyMap<string, string> = new Map();
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 250;
const PAUSE_GROWTH = 1.5;
const MAX_HELD_LEASES = 10_000;

export class TierLoader<V> {
  readonly #options: TierLoading;
  readonly #parts: TierParts<V>;
  readonly #hasLeases: boolean;
  /** The tag that all entries have, where the tier cannot delete by prefix. */
  readonly #common: readonly string[];
  /** Leases for refreshes that are about to begin. */
  readonly #heldLeases: Map<string, { readonly lease: string; readonly endMs: number }> = new Map();
  /** A loader has named tags after it had loaded. */
  #namesTagsLate = false;

  constructor(options: TierLoading, parts: TierParts<V>) {
    this.#options = options;
    this.#parts = parts;
    this.#hasLeases = parts.tier.tier.leases !== undefined;
    this.#common = parts.tier.tier.deletePrefix === undefined ? [''] : [];
  }

  /** The tags whose versions an entry has. */
  versionedTags(tags: readonly string[]): readonly string[] {
    if (this.#common.length === 0) return tags;
    if (tags.length === 0) return this.#common;
    return [...this.#common, ...tags];
  }

  /** An adapter that asks the second tier, then `source`; without one, the second tier only. */
  over(source: SourceAdapter<string, V> | undefined): LoaderAdapter<string, V> {
    return async (flights, abort) => {
      const jobs = flights.map((flight): Job<V> => this.#newJob(flight));
      const { call } = flights[0]!;
      const isForced = !call.load.fallsBack;
      // A refresh is to bring a newer value than the one that is there.
      const isRefresh = call.waiting === 0;
      const dueMs =
        isForced && source !== undefined
          ? Number.POSITIVE_INFINITY
          : isRefresh
            ? this.#options.refreshAheadMs
            : 0;
      const mayLoad = source !== undefined;
      await this.#read(jobs, dueMs, mayLoad, call.load, abort, isRefresh);
      for (const job of jobs) this.#answer(job, dueMs, isRefresh, mayLoad);
      if (source !== undefined && jobs.some(({ outcome }) => outcome === undefined))
        await this.#finish(jobs, source, call.load, abort);
      return jobs.map(({ outcome }) => outcome!);
    };
  }

  #newJob(flight: Flight<string, V>): Job<V> {
    return {
      flight,
      tierKey: this.#parts.keys.ofValue(flight.key),
      found: undefined,
      isPresent: false,
      lease: undefined,
      isLoading: false,
      hasFailed: false,
      outcome: undefined,
    };
  }

  // Reading

  /** Reads keys, and asks for leases where what is there is due. */
  async #read(
    jobs: readonly Job<V>[],
    dueMs: number,
    mayLoad: boolean,
    load: ResolvedLoad<string, V>,
    abort: CallAbort,
    isRefresh = false,
  ): Promise<void> {
    const readable: Job<V>[] = [];
    for (const job of jobs) {
      job.found = undefined;
      job.isPresent = false;
      job.isLoading = false;
      job.hasFailed = false;
      job.lease = isRefresh && mayLoad ? this.#takeLease(job.tierKey) : undefined;
      if (job.lease !== undefined) job.isPresent = true;
      else if (this.#parts.repairs.concernsKey(job.tierKey)) job.hasFailed = true;
      else readable.push(job);
    }
    if (readable.length === 0) return;
    const staleBelowMs = keptMs(this.#options) + dueMs;
    const fetched = this.#fetch(readable, staleBelowMs, mayLoad, abort);
    const { versions } = this.#parts;
    const tags = this.versionedTags(typeof load.tags === 'function' ? NO_TAGS : load.tags);
    let current: ReadonlyMap<string, string> | typeof FAILED = NONE;
    if (tags.length === 0 || versions.knows(tags)) await fetched;
    else [current] = await Promise.all([versions.read(tags, abort), fetched]);
    if (readable.some((job) => this.#isDoubtful(job))) await this.#validate(readable, current, abort);
    if (!mayLoad || !this.#hasLeases) return;
    // The tier knows only times, and those not exactly: what is fresh for it, and no answer, is to be asked for by force.
    const due = readable.filter(
      ({ found, isPresent, lease, isLoading, hasFailed }) =>
        isPresent && !((found?.leftMs ?? 0) > dueMs) && lease === undefined && !isLoading && !hasFailed,
    );
    if (due.length > 0) await this.#fetch(due, Number.POSITIVE_INFINITY, true, abort, false);
  }

  /** The entries as they are in the tier. */
  async #fetch(
    jobs: readonly Job<V>[],
    staleBelowMs: number,
    mayLoad: boolean,
    abort: CallAbort,
    opens = true,
  ): Promise<void> {
    const { tier, counters, envelopes } = this.#parts;
    const { leaseMs } = this.#options;
    const isLeased = mayLoad && this.#hasLeases;
    // In one step for one key: each of these waits costs as much as the rest of it.
    const found = await tier.run<LeasedRead | readonly LeasedRead[] | ReadonlyMap<string, TierEntry>>(
      (second, aborted) => {
        if (!isLeased)
          return second.get(
            jobs.map(({ tierKey }) => tierKey),
            aborted,
          );
        const read = ({ tierKey }: Job<V>): Promise<LeasedRead> =>
          second.leases!.read(tierKey, leaseMs, staleBelowMs, aborted);
        return jobs.length === 1 ? read(jobs[0]!) : Promise.all(jobs.map(read));
      },
      abort,
    );
    if (found === FAILED) {
      for (const job of jobs) job.hasFailed = true;
      return;
    }
    let opening: Promise<void>[] | undefined;
    let isRefused = false;
    for (let index = 0; index < jobs.length; index++) {
      const job = jobs[index]!;
      const { entry, lease, isLoading } = readOf(found, index, job.tierKey);
      job.lease = lease;
      job.isLoading = isLoading;
      job.isPresent = entry !== undefined;
      if (lease !== undefined) counters.leases++;
      else if (isLeased && !isLoading && (entry === undefined || !opens)) isRefused = true;
      if (!opens || entry === undefined) continue;
      counters.bytesRead += entry.bytes.length;
      const opened = envelopes.open(entry.bytes);
      if (opened instanceof Promise) {
        opening ??= [];
        opening.push(opened.then((late) => this.#take(job, late, entry.ttlMs)));
      } else this.#take(job, opened, entry.ttlMs);
    }
    if (isRefused) counters.refusals++;
    if (opening !== undefined) await Promise.all(opening);
  }

  #take(job: Job<V>, opened: Opened<V> | undefined, ttlMs: number): void {
    if (opened === undefined) {
      this.#parts.tier.damaged(job.tierKey);
      return;
    }
    const { value, freshMs, keptMs: keptAfterMs, versions } = opened;
    const leftMs = Math.min(freshMs, ttlMs - keptAfterMs);
    const tags = versions.size === 0 ? NO_TAGS : [...versions.keys()].filter((tag) => tag !== '');
    job.found = { value, versions, leftMs, tags };
  }

  /** Whether there is more to know of what was found than its time. */
  #isDoubtful({ found }: Job<V>): boolean {
    if (found === undefined) return false;
    const { repairs, versions } = this.#parts;
    if (repairs.size > 0 || (this.#common.length > 0 && !found.versions.has(''))) return true;
    return found.versions.size > 0 && !versions.confirms(found.versions);
  }

  /** Drops entries whose tags have other versions by now. */
  async #validate(
    jobs: readonly Job<V>[],
    known: ReadonlyMap<string, string> | typeof FAILED,
    abort: CallAbort,
  ): Promise<void> {
    const { versions, counters, repairs } = this.#parts;
    const current = new Map(known === FAILED ? [] : known);
    const unknown = new Set<string>();
    for (const { found } of jobs)
      if (found !== undefined)
        for (const tag of found.versions.keys()) if (!current.has(tag)) unknown.add(tag);
    const others =
      unknown.size === 0 ? NONE : known === FAILED ? FAILED : await versions.read(unknown, abort);
    if (others !== FAILED) for (const [tag, version] of others) current.set(tag, version);
    for (const job of jobs) {
      const { found } = job;
      if (found === undefined) continue;
      const isCommon = this.#common.every((tag) => found.versions.has(tag));
      const isKnown = others !== FAILED || [...found.versions.keys()].every((tag) => current.has(tag));
      if (
        isKnown &&
        isCommon &&
        versions.isCurrent(found.versions, current) &&
        !repairs.concernsTags(found.tags)
      )
        continue;
      job.found = undefined;
      versions.doubt(found.versions);
      if (isKnown) counters.outdated++;
      else job.hasFailed = true;
    }
  }

  /** Gives the job its answer, if what is in the tier is one. */
  #answer(job: Job<V>, dueMs: number, isRefresh: boolean, mayLoad: boolean): void {
    const { counters } = this.#parts;
    const { found } = job;
    if (found !== undefined) {
      if (found.leftMs > dueMs) {
        if (found.value === undefined) counters.negativeHits++;
        else counters.hits++;
        job.outcome = { value: found.value, plan: this.#planOf(found) };
        this.#release(job);
        return;
      }
      // A value that is about to end, or in the window after its end. A refresh loads it, unless another does.
      const isInWindow = dueMs < Number.POSITIVE_INFINITY && -found.leftMs < this.#options.staleMs;
      const isStillFresh = dueMs < Number.POSITIVE_INFINITY && found.leftMs > 0;
      if (
        found.value !== undefined &&
        (isInWindow || isStillFresh) &&
        (!isRefresh || job.isLoading || !mayLoad)
      ) {
        counters.staleHits++;
        // Without a lease, each process does: there are none, or there is no room for one.
        const refreshes = !isRefresh && mayLoad && !job.isLoading;
        if (refreshes && job.lease !== undefined) this.#holdLease(job.tierKey, job.lease);
        job.outcome = { value: found.value, plan: { ...this.#planOf(found), refreshes } };
        return;
      }
      if (found.value === undefined) job.found = undefined;
    }
    counters.misses++;
    if (mayLoad) return;
    const { stale } = job.flight;
    const isGrace = job.hasFailed && this.#options.staleOnErrorMs > 0 && stale !== undefined;
    job.outcome = { value: isGrace ? stale : undefined, plan: { changesNothing: true } };
  }

  /** A refresh begins in this turn, and takes it. One that does not begin costs the others a lease time. */
  #holdLease(tierKey: string, lease: string): void {
    if (this.#heldLeases.size >= MAX_HELD_LEASES) this.#heldLeases.clear();
    this.#heldLeases.set(tierKey, { lease, endMs: this.#options.clock.now() + this.#options.leaseMs });
  }

  #takeLease(tierKey: string): string | undefined {
    if (this.#heldLeases.size === 0) return undefined;
    const held = this.#heldLeases.get(tierKey);
    if (held === undefined) return undefined;
    this.#heldLeases.delete(tierKey);
    return this.#options.clock.now() < held.endMs ? held.lease : undefined;
  }

  /** How long the first tier is to keep what was found: as long as the second would. */
  #planOf({ value, leftMs, tags }: Found<V>): Plan {
    const ttlMs = value === undefined ? leftMs : Math.min(leftMs, this.#options.tierOneTtlMs);
    if (ttlMs === Number.POSITIVE_INFINITY) return { tags };
    // What is stale for so long already is so in the first tier too.
    return ttlMs > 0 ? { ttlMs, tags } : { ttlMs: 1, ageMs: 1 - ttlMs, tags };
  }

  // Waiting and loading

  async #finish(
    jobs: readonly Job<V>[],
    source: SourceAdapter<string, V>,
    load: ResolvedLoad<string, V>,
    abort: CallAbort,
  ): Promise<void> {
    const open = jobs.filter(({ outcome }) => outcome === undefined);
    // A forced load waits for nobody.
    const waiting = open.filter(({ isLoading }) => isLoading && load.fallsBack);
    const ready = open.filter((job) => !waiting.includes(job));
    await Promise.all([
      this.#load(ready, source, load, abort),
      ...waiting.map((job) => this.#waitForOther(job, load, abort)),
    ]);
    await this.#load(
      waiting.filter(({ outcome }) => outcome === undefined),
      source,
      load,
      abort,
    );
  }

  /** Reads again and again, until the other has filled, its lease is ours, or `leaseWaitMs` are over. */
  async #waitForOther(job: Job<V>, load: ResolvedLoad<string, V>, abort: CallAbort): Promise<void> {
    const { leaseWaitMs, random, scheduler, clock } = this.#options;
    this.#parts.counters.leaseWaits++;
    const old = job.found;
    const endMs = clock.now() + leaseWaitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, MAX_PAUSE_MS)) {
      const leftMs = endMs - clock.now();
      if (!(leftMs > 0)) break;
      const stepMs = Math.min(leftMs, pauseMs * (0.75 + random() / 2));
      await paused(stepMs, scheduler, abort);
      if (abort.aborted) return;
      this.#parts.counters.misses--;
      await this.#read([job], 0, true, load, abort);
      this.#answer(job, 0, false, true);
      job.found ??= old;
      if (job.outcome !== undefined || job.lease !== undefined || !job.isLoading) return;
    }
    this.#parts.counters.leaseTimeouts++;
  }

  /** Asks the source for all of the jobs with one call, and stores what it brings. */
  async #load(
    jobs: readonly Job<V>[],
    source: SourceAdapter<string, V>,
    load: ResolvedLoad<string, V>,
    abort: CallAbort,
  ): Promise<void> {
    if (jobs.length === 0) return;
    const { versions } = this.#parts;
    const knownTags = this.versionedTags(typeof load.tags === 'function' ? [] : load.tags);
    const needsEpoch = typeof load.tags === 'function' || this.#namesTagsLate;
    const isWritten = jobs.some((job) => this.#mayWrite(job));
    const [before, epoch] = await Promise.all([
      isWritten ? versions.readOrMake(knownTags, abort) : NOT_KNOWN,
      isWritten && needsEpoch ? versions.epoch(abort) : NOT_KNOWN,
    ]);
    const outcomes = abort.aborted
      ? jobs.map((): Outcome<V> => ({ error: abort.reason }))
      : await this.#ask(jobs, source, abort);
    await Promise.all(jobs.map((job, index) => this.#settle(job, outcomes[index]!, load, before, epoch)));
  }

  async #ask(
    jobs: readonly Job<V>[],
    source: SourceAdapter<string, V>,
    abort: CallAbort,
  ): Promise<readonly Outcome<V>[]> {
    const targets = jobs.map(({ flight, found }) => {
      const { key, version, stale } = flight;
      return version === undefined && found?.value !== undefined
        ? { key, version: 0, stale: found.value }
        : { key, version, stale };
    });
    try {
      return await source(targets, abort);
    } catch (error) {
      return jobs.map(() => ({ error }));
    }
  }

  #mayWrite({ lease, hasFailed }: Job<V>): boolean {
    return !hasFailed && (!this.#hasLeases || lease !== undefined);
  }

  /** Stores what was loaded, and gives the job its answer. */
  async #settle(
    job: Job<V>,
    outcome: Outcome<V>,
    load: ResolvedLoad<string, V>,
    before: ReadonlyMap<string, string> | typeof FAILED,
    epoch: string | typeof FAILED,
  ): Promise<void> {
    try {
      if ('error' in outcome) {
        this.#release(job);
        job.outcome = this.#grace(job, outcome.error) ?? outcome;
      } else if (outcome.value === undefined) {
        job.outcome = {
          value: undefined,
          plan: await this.#keepMiss(job, outcome.plan, load, before, epoch),
        };
      } else {
        job.outcome = {
          value: outcome.value,
          plan: await this.#keepValue(job, outcome.value, outcome.plan, load, before, epoch),
        };
      }
    } catch (error) {
      // A ttl or tags function, or a hook.
      this.#release(job);
      job.outcome = { error };
    }
  }

  /** The expired value of the second tier, when the loader has failed. */
  #grace({ found }: Job<V>, error: unknown): Outcome<V> | undefined {
    if (found?.value === undefined || -found.leftMs >= this.#options.staleOnErrorMs) return undefined;
    this.#parts.counters.graceHits++;
    return { value: found.value, plan: { ...this.#planOf(found), failure: { error } } };
  }

  async #keepMiss(
    job: Job<V>,
    plan: Plan | undefined,
    load: ResolvedLoad<string, V>,
    before: ReadonlyMap<string, string> | typeof FAILED,
    epoch: string | typeof FAILED,
  ): Promise<Plan> {
    const ttlMs = plan?.ttlMs ?? load.missTtlMs;
    const tags = tagsOf(job.flight.key, undefined, plan, load);
    const kept = { ttlMs, tags };
    if (!this.#mayWrite(job)) return kept;
    if (ttlMs > 0)
      return (await this.#fill(job, undefined, { freshMs: ttlMs, ageMs: 0 }, tags, before, epoch))
        ? kept
        : { ttlMs: 0, tags };
    await this.#drop(job);
    return kept;
  }

  async #keepValue(
    job: Job<V>,
    value: V,
    plan: Plan | undefined,
    load: ResolvedLoad<string, V>,
    before: ReadonlyMap<string, string> | typeof FAILED,
    epoch: string | typeof FAILED,
  ): Promise<Plan> {
    const { key } = job.flight;
    const tags = tagsOf(key, value, plan, load);
    const chosenMs = plan?.ttlMs ?? (typeof load.ttlMs === 'function' ? load.ttlMs(value, key) : load.ttlMs);
    const freshMs = this.freshMsOf(chosenMs);
    const ageMs = plan?.ageMs ?? 0;
    const keptAfterMs = keptMs(this.#options);
    const kept: Plan =
      chosenMs === undefined && freshMs <= this.#options.tierOneTtlMs
        ? { tags, ageMs }
        : { tags, ageMs, ttlMs: Math.min(freshMs, this.#options.tierOneTtlMs + ageMs) };
    if (!this.#mayWrite(job)) {
      // Loaded beside the one who has the lease, or by force: what the tier has is older.
      if (!job.hasFailed && !load.fallsBack) await this.#drop(job);
      return kept;
    }
    if (!(freshMs + keptAfterMs - ageMs > 0) || !(freshMs > 0)) {
      await this.#drop(job);
      return { ...kept, ttlMs: 0 };
    }
    const isKept = await this.#fill(job, value, { freshMs, ageMs }, tags, before, epoch);
    return isKept ? kept : { ...kept, ttlMs: 0 };
  }

  /** A ttl with its jitter; without one a value does not expire. Throws `HOTSET_INVALID_OPTION` for what is no number. */
  freshMsOf(ttlMs: number | undefined): number {
    if (ttlMs !== undefined && (typeof ttlMs !== 'number' || Number.isNaN(ttlMs)))
      throw invalidOption('ttlMs', 'a function that returns milliseconds', ttlMs);
    const { ttlJitter, random } = this.#options;
    return (ttlMs ?? Number.POSITIVE_INFINITY) * (ttlJitter === 0 ? 1 : 1 - ttlJitter * random());
  }

  /** False when the key was changed meanwhile: then the value is not kept in the first tier either. */
  async #fill(
    job: Job<V>,
    value: V | undefined,
    { freshMs, ageMs }: { readonly freshMs: number; readonly ageMs: number },
    tags: readonly string[],
    before: ReadonlyMap<string, string> | typeof FAILED,
    epoch: string | typeof FAILED,
  ): Promise<boolean> {
    const { tier, counters, envelopes } = this.#parts;
    const { flight, tierKey, lease } = job;
    const keptAfterMs = keptMs(this.#options);
    const versions = await this.#versionsOf(tags, before, epoch);
    if (versions === undefined) {
      this.#release(job);
      return true;
    }
    let entry: TierEntry;
    try {
      const content = await envelopes.contentOf(value);
      entry = {
        bytes: envelopes.seal(content, { freshMs, keptMs: keptAfterMs, versions }),
        ttlMs: freshMs + keptAfterMs - ageMs,
      };
    } catch (error) {
      counters.unstorable++;
      this.#options.onError(error, flight.key);
      await this.#drop(job);
      return true;
    }
    if (lease === undefined) {
      // Without leases only what this process changed meanwhile is known.
      if (!flight.attached) return true;
      if ((await tier.set(new Map([[tierKey, entry]]))) !== undefined) return true;
    } else {
      const isFilled = await tier.fill(tierKey, lease, entry);
      if (isFilled === false) {
        counters.refusedFills++;
        return false;
      }
      if (isFilled !== true) return true;
    }
    counters.fills++;
    counters.bytesWritten += entry.bytes.length;
    return true;
  }

  /** The versions that the tags had before the load. Undefined when they are not known. */
  async #versionsOf(
    tags: readonly string[],
    before: ReadonlyMap<string, string> | typeof FAILED,
    epoch: string | typeof FAILED,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const { versions } = this.#parts;
    if (before === FAILED) return undefined;
    const wanted = this.versionedTags(tags);
    const late = wanted.filter((tag) => !before.has(tag));
    if (late.length === 0) return new Map(wanted.map((tag) => [tag, before.get(tag)!]));
    this.#namesTagsLate = true;
    if (epoch === FAILED) return undefined;
    const after = await versions.readOrMake(late);
    // In this order: see tag-versions.ts.
    if (after === FAILED || (await versions.epoch()) !== epoch) return undefined;
    return new Map(wanted.map((tag) => [tag, before.get(tag) ?? after.get(tag)!]));
  }

  /** Removes what the tier has, if anything, and ends the lease. */
  async #drop(job: Job<V>): Promise<void> {
    const { tier } = this.#parts;
    if (!job.isPresent && this.#hasLeases) this.#release(job);
    else await tier.delete([job.tierKey]);
  }

  /** Ends the lease, so that others need not wait for its end. Nobody waits for it. */
  #release({ tierKey, lease }: Job<V>): void {
    if (lease === undefined) return;
    this.#parts.tier.run((tier, aborted) => tier.leases!.release(tierKey, lease, aborted)).catch(() => {});
  }
}

/** What was read for a job: the only one, or the one at `index`. */
function readOf(
  found: LeasedRead | readonly LeasedRead[] | ReadonlyMap<string, TierEntry>,
  index: number,
  tierKey: string,
): LeasedRead {
  if ('entry' in found) return found;
  return 'get' in found ? { entry: found.get(tierKey), lease: undefined, isLoading: false } : found[index]!;
}

function tagsOf<V>(
  key: string,
  value: V | undefined,
  plan: Plan | undefined,
  { tags }: ResolvedLoad<string, V>,
): readonly string[] {
  if (plan?.tags !== undefined) return plan.tags;
  if (typeof tags !== 'function') return tags;
  const chosen = tags(value, key);
  checkTags(chosen);
  return chosen;
}

/** Ends at once when the call is aborted. Rejects with what the scheduler throws. */
function paused(ms: number, scheduler: Scheduler, abort: CallAbort): Promise<void> {
  return new Promise((resolve, reject) => {
    let unwatch: (() => void) | undefined;
    let timer: Timer;
    const end = (): void => {
      unwatch?.();
      resolve();
    };
    try {
      timer = new Timer(scheduler, ms, end);
      timer.hold(true);
    } catch (error) {
      reject(error);
      return;
    }
    unwatch = abort.watch(() => {
      timer.cancel();
      end();
    });
  });
}
