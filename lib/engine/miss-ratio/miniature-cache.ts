/**
 * A miniature of a cache: hashes for keys, no values, and entries that weigh what they are said to, under any policy. It has
 * the policy and the columns of a store and else nothing of one: were it a `CacheEngine`, V8 would have to look at each hit of
 * every engine of the process which policy and what kind of keys it has.
 *
 * Keys are in chains, as in key-index.ts: a slot's links have the hash, which is the key itself with its bits mixed.
 *
 * All operations are O(1), plus O(1) for each entry that they evict, but a write that doubles the chains.
 */

import { Budget } from '../budget.js';
import { Columns, HASH, NEXT } from '../columns.js';
import { KeyIndex } from '../key-index.js';
import { POLICY_NAMES, type Policy } from '../policy/names.js';
import type { EvictionOrder } from '../policy/order.js';
import { orderFor } from '../policy/policies.js';
import { FACTORS } from './curve.js';
import type { Miniature, Variant } from './estimator.js';

const NEVER = Number.POSITIVE_INFINITY;
const FIRST_CHAINS = 64;

export class MiniatureCache implements Miniature {
  private readonly columns: Columns = new Columns();
  private readonly budget: Budget;
  private readonly order: EvictionOrder;
  private readonly weighs: boolean;
  /** What an entry takes under this policy beside what it is said to weigh. */
  private readonly extraBytes: number;
  private entries = 0;
  /** What all entries weigh. */
  private weight = 0;
  private size = 1;
  /** The first slot of each chain. */
  private chains: Int32Array = new Int32Array(FIRST_CHAINS);

  /** `counted`: the policy for whose entries weights are given. Others remember more of each key, or less. */
  constructor(policy: Policy, unit: 'bytes' | 'entries', counted: Policy = 'lru') {
    this.weighs = unit === 'bytes';
    if (this.weighs) this.columns.need('weights');
    const maxBytes = this.weighs ? 1 : NEVER;
    const maxEntries = this.weighs ? NEVER : 1;
    // Its own structure is not what the cache would take, and does not count.
    const none = new Columns();
    this.budget = new Budget({ maxBytes, maxEntries, maxEntryBytes: NEVER }, none, new KeyIndex(none));
    this.order = orderFor(policy, this.columns, this.budget);
    const { overheadBytes } = this.budget;
    const countedBytes =
      counted === policy ? overheadBytes : new MiniatureCache(counted, unit, counted).budget.overheadBytes;
    this.extraBytes = this.weighs ? overheadBytes - countedBytes : 0;
  }

  read(hash: number): boolean {
    const slot = this.find(mixed(hash));
    if (slot === 0) return false;
    this.order.promote(slot);
    return true;
  }

  has(hash: number): boolean {
    return this.find(mixed(hash)) !== 0;
  }

  write(hash: number, weight: number): void {
    const { columns, order } = this;
    const bits = mixed(hash);
    const present = this.find(bits);
    if (weight + this.extraBytes > this.size) {
      if (present !== 0) this.remove(present, false);
      return;
    }
    if (present !== 0) {
      order.promote(present);
      this.reweigh(present, weight);
      return;
    }
    while (this.weight + weight + this.extraBytes > this.size) this.remove(order.victim(), true);
    if (columns.isNearlyFull) columns.grow();
    const content = this.contentOf(weight);
    const slot = columns.take(hash, undefined);
    order.link(slot, hash, bits, content);
    this.insert(slot, bits);
    if (this.weighs) columns.setWeight(slot, content);
    if (columns.ahead !== null) {
      columns.mirror(slot);
      columns.advance();
    }
    this.entries++;
    this.weight += this.weightAt(slot);
  }

  private reweigh(slot: number, weight: number): void {
    if (!this.weighs) return;
    const { columns, order } = this;
    const before = columns.weightAt(slot);
    const growth = this.contentOf(weight) - before;
    if (growth === 0) return;
    columns.setWeight(slot, before + growth);
    if (columns.ahead !== null) columns.mirror(slot);
    order.weighed(slot, growth);
    this.weight += growth;
    order.keep(slot);
    this.shrink();
    order.release();
  }

  delete(hash: number): void {
    const slot = this.find(mixed(hash));
    if (slot !== 0) this.remove(slot, false);
  }

  clear(): void {
    this.order.clear();
    this.columns.clear();
    this.chains = new Int32Array(FIRST_CHAINS);
    this.entries = 0;
    this.weight = 0;
  }

  resize(size: number): void {
    this.size = size;
    if (this.weighs) this.budget.maxBytes = size;
    else this.budget.maxEntries = size;
    this.shrink();
  }

  private shrink(): void {
    while (this.weight > this.size && this.entries > 1) this.remove(this.order.victim(), true);
  }

  private remove(slot: number, isVictim: boolean): void {
    this.weight -= this.weightAt(slot);
    if (isVictim) this.order.evict(slot);
    else this.order.unlink(slot);
    this.takeOut(slot);
    this.columns.release(slot);
    this.entries--;
  }

  private find(bits: number): number {
    const { links } = this.columns;
    let slot = this.chains[bits & (this.chains.length - 1)]!;
    while (slot !== 0 && links[(slot << 2) + HASH] !== bits) slot = links[(slot << 2) + NEXT]!;
    return slot;
  }

  private insert(slot: number, bits: number): void {
    const { links } = this.columns;
    links[(slot << 2) + HASH] = bits;
    this.chain(slot, bits);
    if (this.entries < this.chains.length) return;
    const before = this.chains;
    this.chains = new Int32Array(before.length * 2);
    for (let first of before)
      while (first !== 0) {
        const next = links[(first << 2) + NEXT]!;
        this.chain(first, links[(first << 2) + HASH]!);
        first = next;
      }
  }

  private chain(slot: number, bits: number): void {
    const at = bits & (this.chains.length - 1);
    this.columns.links[(slot << 2) + NEXT] = this.chains[at]!;
    this.chains[at] = slot;
    if (this.columns.ahead !== null) this.columns.mirror(slot);
  }

  private takeOut(slot: number): void {
    const { links } = this.columns;
    const at = links[(slot << 2) + HASH]! & (this.chains.length - 1);
    const next = links[(slot << 2) + NEXT]!;
    let before = this.chains[at]!;
    if (before === slot) {
      this.chains[at] = next;
      return;
    }
    while (links[(before << 2) + NEXT] !== slot) before = links[(before << 2) + NEXT]!;
    links[(before << 2) + NEXT] = next;
    if (this.columns.ahead !== null) this.columns.mirror(before);
  }

  /** What policies add the overhead to. */
  private contentOf(weight: number): number {
    return this.weighs ? Math.max(weight + this.extraBytes - this.budget.overheadBytes, 0) : 0;
  }

  private weightAt(slot: number): number {
    return this.weighs ? this.columns.weightAt(slot) + this.budget.overheadBytes : 1;
  }

  /** What is inconsistent, one sentence each. O(n). */
  verify(): string[] {
    const problems = [...this.order.verify(this.entries), ...this.columns.verify(this.entries)];
    if (problems.length > 0) return problems;
    let weight = 0;
    const used = new Set<number>();
    for (const slot of this.order.walk('oldest-first')) {
      used.add(slot);
      weight += this.weightAt(slot);
    }
    for (const slot of used)
      if (this.find(mixed(this.columns.keyAt(slot) as number)) !== slot)
        problems.push(`slot ${slot} is not found under its key`);
    if (weight !== this.weight) problems.push(`entries weigh ${weight}, and ${this.weight} is counted`);
    if (weight > this.size && this.entries > 1) problems.push(`${weight} exceeds ${this.size}`);
    return problems;
  }
}

/** All bits depend on all, and no other hash has the same; never 0, which links have for no hash. */
function mixed(hash: number): number {
  let bits = hash ^ 0x9e3779b9;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** What a curve simulates for a cache with this policy: others at its size, and its own at all factors. LRU needs none. */
export function variantsBeside(own: Policy, unit: 'bytes' | 'entries'): Variant[] {
  return POLICY_NAMES.filter((policy) => policy !== 'lru').flatMap((policy) =>
    (policy === own ? FACTORS : [1]).map((factor) => ({
      policy,
      factor,
      miniature: new MiniatureCache(policy, unit, own),
    })),
  );
}
