/**
 * Versions of tags, in the second tier. An entry has the versions that its tags had before it was loaded, and is valid while
 * they are still those. To invalidate a tag is to give it another version, at random; no clocks are compared. A version that
 * the tier has lost is made anew, which costs the hits of its entries, and no one an old value.
 *
 * The empty tag is that of all entries. It is used where the tier cannot delete by prefix.
 *
 * A loader may name tags only when it has loaded. Their versions are then read after the load, and are those from before it
 * only if no tag at all was invalidated meanwhile: the epoch, which each invalidation changes before the tags' versions, is the
 * same before and after.
 *
 * An absent version is made once at a time in a process, and under a lease where the tier has them, so that all who miss it agree on
 * one.
 *
 * Known versions are kept while the link reports every change of them. Reading is one request for all tags that are not known.
 * A known one stays the current one when the tier has lost it, or cannot be asked: a change would have been reported. But nobody
 * reports that another process, which did not know it, has made it anew. So what is known is doubted, and read again, when an entry
 * has another version; else the two would take each other's entries for old for ever. The epoch is not kept: to compare it with
 * what was known would miss an invalidation whose report is still on its way.
 */

import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { CacheEngine } from '../engine/cache-engine.js';
import type { CallAbort } from '../loading/call-abort.js';
import { FAILED, type GuardedTier, type REMOVED } from './guarded-tier.js';
import type { TierEntry } from './second-tier.js';
import type { TierKeys } from './tier-keys.js';

/** Longer than most entries live; a version that ends costs hits. */
const VERSION_TTL_MS = 30 * 24 * 3600 * 1000;
const MAX_KNOWN = 10_000;
const MAX_VERSION_BYTES = 64;
/** For one more round trip. */
const LEASE_MS = 1000;
/** A holder needs one round trip. After more, the version is made without a lease, which costs hits at worst. */
const MAX_LEASE_READS = 10;

export class TagVersions {
  readonly #tier: GuardedTier;
  readonly #keys: TierKeys;
  /** Whether the link reports changes now. */
  readonly #isWatched: () => boolean;
  readonly #known: CacheEngine<string, string> = new CacheEngine({ maxEntries: MAX_KNOWN });
  /** Known ones that are to be read again. */
  readonly #doubted: Set<string> = new Set();
  /** What is being made, by key. */
  readonly #making = new Map<string, Promise<string | typeof FAILED>>();
  /** Changes that were reported. */
  #changes = 0;

  constructor(tier: GuardedTier, keys: TierKeys, isWatched: () => boolean) {
    this.#tier = tier;
    this.#keys = keys;
    this.#isWatched = isWatched;
  }

  /** The current versions; a tag that has none is not in the Map. `FAILED` when they are not known. */
  async read(tags: Iterable<string>, abort?: CallAbort): Promise<Map<string, string> | typeof FAILED> {
    const versions = new Map<string, string>();
    const asked: string[] = [];
    const isWatched = this.#isWatched();
    for (const tag of new Set(tags)) {
      const known = isWatched ? this.#known.get(tag) : undefined;
      if (known !== undefined) versions.set(tag, known);
      // Once: what is still doubtful then will be doubted again.
      if (known === undefined || this.#doubted.delete(tag)) asked.push(tag);
    }
    if (asked.length === 0) return versions;
    const changes = this.#changes;
    const found = await this.#tier.run(
      (tier, aborted) =>
        tier.get(
          asked.map((tag) => this.#keys.ofTag(tag)),
          aborted,
        ),
      abort,
    );
    if (changes !== this.#changes || !this.#isWatched()) for (const tag of asked) versions.delete(tag);
    if (found === FAILED) return asked.every((tag) => versions.has(tag)) ? versions : FAILED;
    for (const tag of asked) {
      const version = textOf(found.get(this.#keys.ofTag(tag)));
      if (version === undefined) continue;
      versions.set(tag, version);
      if (changes === this.#changes) this.#keep(tag, version);
    }
    return versions;
  }

  /** Whether `read` would bring just these, without asking: they are known, and not doubted. */
  confirms(versions: ReadonlyMap<string, string>): boolean {
    if (!this.#isWatched()) return false;
    for (const [tag, version] of versions)
      if (this.#known.get(tag) !== version || this.#doubted.has(tag)) return false;
    return true;
  }

  /** Whether `read` would ask for none of them. */
  knows(tags: readonly string[]): boolean {
    return this.#isWatched() && tags.every((tag) => this.#known.has(tag) && !this.#doubted.has(tag));
  }

  /** The same, and makes those that are absent. */
  async readOrMake(tags: Iterable<string>, abort?: CallAbort): Promise<Map<string, string> | typeof FAILED> {
    const wanted = [...new Set(tags)];
    if (wanted.length === 0) return new Map();
    const changes = this.#changes;
    const versions = await this.read(wanted, abort);
    if (versions === FAILED) return FAILED;
    const absent = wanted.filter((tag) => !versions.has(tag));
    const made = await Promise.all(absent.map((tag) => this.#make(this.#keys.ofTag(tag))));
    for (const [at, tag] of absent.entries()) {
      const version = made[at]!;
      if (version === FAILED) return FAILED;
      versions.set(tag, version);
      if (changes === this.#changes) this.#keep(tag, version);
    }
    return versions;
  }

  /** Whether an entry that was made under `versions` is valid under the current ones. */
  isCurrent(versions: ReadonlyMap<string, string>, current: ReadonlyMap<string, string>): boolean {
    for (const [tag, version] of versions) if (current.get(tag) !== version) return false;
    return true;
  }

  /** An entry was made under these versions: what is known to be another one is to be read again. */
  doubt(versions: ReadonlyMap<string, string>): void {
    for (const [tag, version] of versions) {
      const known = this.#known.get(tag);
      if (known !== undefined && known !== version) this.#doubted.add(tag);
    }
    if (this.#doubted.size > MAX_KNOWN) this.forgetAll();
  }

  /** Gives tags other versions, which are to be forgotten before and after. False when the tier has not acknowledged it. */
  async renew(tags: readonly string[]): Promise<boolean> {
    // Before the versions: who reads a new version then also reads a new epoch.
    const needsEpoch = tags.some((tag) => tag !== '');
    if (needsEpoch && (await this.#store(new Map([[this.#keys.epoch, newVersion()]]))) === FAILED)
      return false;
    const versions = new Map(tags.map((tag) => [this.#keys.ofTag(tag), newVersion()]));
    return (await this.#store(versions)) !== FAILED;
  }

  /** The epoch; made if there is none. `FAILED` when it is not known. */
  async epoch(abort?: CallAbort): Promise<string | typeof FAILED> {
    const { epoch } = this.#keys;
    const found = await this.#tier.run((tier, aborted) => tier.get([epoch], aborted), abort);
    if (found === FAILED) return FAILED;
    const version = textOf(found.get(epoch));
    if (version !== undefined) return version;
    return this.#make(epoch);
  }

  /** They may have other versions now. */
  forget(tags: readonly string[]): void {
    this.#changes++;
    for (const tag of tags) {
      this.#known.delete(tag);
      this.#doubted.delete(tag);
    }
  }

  forgetAll(): void {
    this.#changes++;
    this.#known.clear();
    this.#doubted.clear();
  }

  /** One for all who miss it now. Rejects with what the scheduler throws. */
  #make(tierKey: string): Promise<string | typeof FAILED> {
    let making = this.#making.get(tierKey);
    if (making === undefined) {
      making = this.#makeOne(tierKey).finally(() => this.#making.delete(tierKey));
      this.#making.set(tierKey, making);
    }
    return making;
  }

  async #makeOne(tierKey: string): Promise<string | typeof FAILED> {
    const made = newVersion();
    const agreed = this.#tier.tier.leases === undefined ? undefined : await this.#agree(tierKey, made);
    return agreed ?? ((await this.#store(new Map([[tierKey, made]]))) === undefined ? made : FAILED);
  }

  /** What the first of all processes has made. Undefined: there is no lease to be had. */
  async #agree(tierKey: string, made: string): Promise<string | typeof FAILED | undefined> {
    for (let reads = 0; reads < MAX_LEASE_READS; reads++) {
      const read = await this.#tier.run((tier, signal) => tier.leases!.read(tierKey, LEASE_MS, 0, signal));
      if (read === FAILED) return FAILED;
      const { lease, isLoading } = read;
      if (lease !== undefined) {
        const isFilled = await this.#tier.fill(tierKey, lease, entryOf(made));
        if (isFilled === true) return made;
        if (isFilled !== false) return FAILED;
        continue;
      }
      const version = textOf(read.entry);
      if (version !== undefined) return version;
      if (!isLoading) return undefined;
    }
    return undefined;
  }

  #keep(tag: string, version: string): void {
    if (this.#isWatched()) this.#known.set(tag, version);
  }

  /** `REMOVED`: the tier is full. There are none then, which no entry was made under. */
  #store(versions: ReadonlyMap<string, string>): Promise<typeof REMOVED | typeof FAILED | undefined> {
    return this.#tier.set(new Map(Array.from(versions, ([key, version]) => [key, entryOf(version)])));
  }
}

function entryOf(version: string): TierEntry {
  return { bytes: Buffer.from(version), ttlMs: VERSION_TTL_MS };
}

function newVersion(): string {
  return randomBytes(9).toString('base64url');
}

function textOf(entry: TierEntry | undefined): string | undefined {
  if (entry === undefined || entry.bytes.length === 0 || entry.bytes.length > MAX_VERSION_BYTES)
    return undefined;
  return Buffer.from(entry.bytes).toString('latin1');
}
