/**
 * The requests of a trace, in bounded memory: those of all keys while there is room, and of a sample of the keys otherwise.
 * Keys are sampled by their hash: once there are too many requests or keys, the half with the higher hashes goes. A sample
 * of a share of the keys then behaves in a cache of that share of the size as all keys do in one of the whole size
 * (SHARDS: Waldspurger and others, FAST '15).
 *
 * Keys are known by hashes of 53 bits: of a million keys, two are taken for one with a probability of 1 in 18,000.
 */

import { READ, type Request, WRITE } from './formats.js';

const ALL_HASHES = 2 ** 31;
const FIRST_REQUESTS = 2 ** 16;

export interface TraceLimits {
  readonly maxRequests: number;
  readonly maxKeys: number;
}

/** What simulations read. Each column has at least `length` places. */
export interface Requests {
  readonly length: number;
  readonly keys: Uint32Array;
  readonly operations: Uint8Array;
  /** Seconds. */
  readonly times: Float64Array;
  /** What the entry weighs that the request reads or stores. */
  readonly weights: Float64Array;
  /** When an entry expires that the request stores, in seconds; null where none does. */
  readonly dues: Float64Array | null;
  readonly keyCount: number;
  /** The share of the keys that is held. */
  readonly rate: number;
  /** Of all keys. */
  readonly allReads: number;
}

export class Trace {
  /** Of all keys, in the file. */
  allReads = 0;
  allWrites = 0;
  /** Requests that are held. */
  length = 0;
  /** By request: the number of its key, what it does, the value's bytes (NaN: not said), its time and TTL in seconds. */
  keys: Uint32Array = new Uint32Array(FIRST_REQUESTS);
  operations: Uint8Array = new Uint8Array(FIRST_REQUESTS);
  sizes: Float64Array = new Float64Array(FIRST_REQUESTS);
  times: Float64Array = new Float64Array(FIRST_REQUESTS);
  ttls: Float32Array = new Float32Array(FIRST_REQUESTS);
  /** Whether any request had a size, and a TTL with a time. */
  hasSizes = false;
  hasTtls = false;
  hasTtlsWithoutTimes = false;

  private readonly limits: TraceLimits;
  private readonly numbers: Map<number, number> = new Map();
  /** By number: bytes of the key. */
  private keyLengths: number[] = [];
  private threshold: number = ALL_HASHES;

  constructor(limits: TraceLimits) {
    this.limits = limits;
  }

  /** Keys that are held. */
  get keyCount(): number {
    return this.numbers.size;
  }

  /** The share of the keys that is held. */
  get rate(): number {
    return this.threshold / ALL_HASHES;
  }

  add(request: Request): void {
    if (request.operation === READ) this.allReads++;
    else if (request.operation === WRITE) this.allWrites++;
    const { key } = request;
    const low = hash(key, 0x01000193) & 0x7fffffff;
    if (low >= this.threshold) return;
    const whole = (hash(key, 0x5bd1e995) & 0x3fffff) * ALL_HASHES + low;
    let number = this.numbers.get(whole);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(whole, number);
      this.keyLengths.push(key.length);
    }
    if (this.length === this.keys.length) this.grow();
    const at = this.length++;
    this.keys[at] = number;
    this.operations[at] = request.operation;
    this.sizes[at] = request.size;
    this.times[at] = request.time;
    this.ttls[at] = request.ttl;
    if (!Number.isNaN(request.size)) this.hasSizes = true;
    if (request.ttl > 0) {
      if (Number.isNaN(request.time)) this.hasTtlsWithoutTimes = true;
      else this.hasTtls = true;
    }
    while (this.length > this.limits.maxRequests || this.numbers.size > this.limits.maxKeys) this.halve();
  }

  private grow(): void {
    const length = Math.min(this.length * 2, this.limits.maxRequests + 1);
    this.keys = copied(new Uint32Array(length), this.keys);
    this.operations = copied(new Uint8Array(length), this.operations);
    this.sizes = copied(new Float64Array(length), this.sizes);
    this.times = copied(new Float64Array(length), this.times);
    this.ttls = copied(new Float32Array(length), this.ttls);
  }

  /** Leaves the keys with the lower hashes. O(requests). */
  private halve(): void {
    this.threshold = Math.floor(this.threshold / 2);
    const renumbered = new Map<number, number>();
    const keyLengths: number[] = [];
    for (const [whole, number] of this.numbers)
      if (whole % ALL_HASHES >= this.threshold) this.numbers.delete(whole);
      else {
        renumbered.set(number, keyLengths.length);
        this.numbers.set(whole, keyLengths.length);
        keyLengths.push(this.keyLengths[number]!);
      }
    this.keyLengths = keyLengths;
    let to = 0;
    for (let from = 0; from < this.length; from++) {
      const number = renumbered.get(this.keys[from]!);
      if (number === undefined) continue;
      this.keys[to] = number;
      this.operations[to] = this.operations[from]!;
      this.sizes[to] = this.sizes[from]!;
      this.times[to] = this.times[from]!;
      this.ttls[to] = this.ttls[from]!;
      to++;
    }
    this.length = to;
  }

  /** `overhead`: what an entry weighs beside its key and value; null where each weighs 1. O(requests). */
  prepare(overhead: number | null): Requests {
    return {
      length: this.length,
      keys: this.keys,
      operations: this.operations,
      times: this.times,
      weights: this.weights(overhead),
      dues: this.hasTtls ? this.dues() : null,
      keyCount: this.keyCount,
      rate: this.rate,
      allReads: this.allReads,
    };
  }

  /** Where a request does not say the size, it is the key's last one, or its next one, or the mean of all. */
  private weights(overhead: number | null): Float64Array {
    const { length, keys, sizes } = this;
    const weights = new Float64Array(length).fill(1);
    if (overhead === null) return weights;
    const last = new Float64Array(this.keyCount).fill(Number.NaN);
    let sum = 0;
    let said = 0;
    for (let at = length - 1; at >= 0; at--) {
      const size = sizes[at]!;
      if (Number.isNaN(size)) continue;
      last[keys[at]!] = size;
      sum += size;
      said++;
    }
    const mean = said === 0 ? 0 : sum / said;
    for (let at = 0; at < length; at++) {
      const key = keys[at]!;
      if (!Number.isNaN(sizes[at]!)) last[key] = sizes[at]!;
      const size = Number.isNaN(last[key]!) ? mean : last[key]!;
      weights[at] = Math.max(Math.round(size + this.keyLengths[key]! + overhead), 1);
    }
    return weights;
  }

  /** Where a request does not say the TTL, it is the key's last one. */
  private dues(): Float64Array {
    const last = new Float64Array(this.keyCount);
    const dues = new Float64Array(this.length).fill(Number.POSITIVE_INFINITY);
    for (let at = 0; at < this.length; at++) {
      const key = this.keys[at]!;
      if (!Number.isNaN(this.ttls[at]!)) last[key] = this.ttls[at]!;
      if (last[key]! > 0 && !Number.isNaN(this.times[at]!)) dues[at] = this.times[at]! + last[key]!;
    }
    return dues;
  }
}

function copied<A extends Uint32Array | Uint8Array | Float64Array | Float32Array>(to: A, from: A): A {
  to.set(from);
  return to;
}

/** 32 bits, each of which depends on every character; others for another factor. */
function hash(text: string, factor: number): number {
  let bits = factor;
  for (let i = 0; i < text.length; i++) {
    bits = Math.imul(bits ^ text.charCodeAt(i), factor);
    bits ^= bits >>> 15;
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
