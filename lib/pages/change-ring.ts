/**
 * The last changes of a shard's items, for the subscribers in every thread: a ring of bytes in shared memory. It is
 * written and read under the shard's lock. A reader keeps its own place; one that falls behind by more than the ring
 * holds finds `cleared`, since every item may have changed meanwhile.
 *
 * A change is five bytes and its key, and eight bytes more where it has a version.
 */

import type { Change, ChangeCause } from '../engine/types.js';

/** Bytes that a ring keeps: a thousand changes, or more. */
const RING_BYTES: number = 64 * 1024;

/** How far it has been written, counted from the beginning, comes before the ring. */
const HEAD_BYTES = 8;

export const CHANGE_RING_BYTES: number = HEAD_BYTES + RING_BYTES;

const CAUSES: readonly ChangeCause[] = ['stored', 'touched', 'deleted', 'evicted', 'expired', 'cleared'];
const CAUSE_NUMBERS: ReadonlyMap<ChangeCause, number> = new Map(CAUSES.map((cause, i) => [cause, i]));

const CLEARED: Change<string> = Object.freeze({ cause: 'cleared', key: undefined, version: undefined });

/** What kind of version a change has. */
const NONE = 0;
const NUMBER = 1;
const BIGINT = 2;

export class ChangeRing {
  private readonly head: Float64Array;
  private readonly ring: Uint8Array;
  private readonly number: Float64Array = new Float64Array(1);
  private readonly bigint: BigUint64Array = new BigUint64Array(this.number.buffer);
  private readonly bytes: Uint8Array = new Uint8Array(this.number.buffer);
  /** Where the next byte is written or read. */
  private at = 0;

  /** `memory` holds `CHANGE_RING_BYTES` at `at`, a multiple of 8; zero at first. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.head = new Float64Array(memory, at, 1);
    this.ring = new Uint8Array(memory, at + HEAD_BYTES, RING_BYTES);
  }

  /** Where a reader begins that wants only what comes from now on. */
  get end(): number {
    return this.head[0]!;
  }

  /** Adds a change. `key` has a latin1 character for each byte. O(characters). */
  write({ cause, key = '', version }: Change<string>): void {
    const start = this.head[0]!;
    this.at = start % RING_BYTES;
    this.put(CAUSE_NUMBERS.get(cause)!);
    const bytes = key.length;
    for (let shift = 0; shift < 24; shift += 8) this.put((bytes >>> shift) & 0xff);
    for (let i = 0; i < bytes; i++) this.put(key.charCodeAt(i));
    if (version === undefined) this.put(NONE);
    else {
      if (typeof version === 'bigint') this.bigint[0] = version;
      else this.number[0] = version;
      this.put(typeof version === 'bigint' ? BIGINT : NUMBER);
      for (const byte of this.bytes) this.put(byte);
    }
    this.head[0] = start + 5 + bytes + (version === undefined ? 0 : 8);
  }

  /** All readers lose what they have not read. */
  skip(): void {
    this.head[0]! += 2 * RING_BYTES;
  }

  /** Appends what has come since `from` to `changes`; returns where to begin the next time. O(changes). */
  read(from: number, changes: Change<string>[]): number {
    const end = this.head[0]!;
    if (end - from > RING_BYTES) {
      changes.push(CLEARED);
      return end;
    }
    let at = from;
    while (at < end) {
      this.at = at % RING_BYTES;
      const cause = CAUSES[this.get()]!;
      const length = this.get() | (this.get() << 8) | (this.get() << 16);
      let key = '';
      for (let i = 0; i < length; i++) key += String.fromCharCode(this.get());
      const version = this.version(this.get());
      changes.push(cause === 'cleared' ? CLEARED : { cause, key, version });
      at += 5 + length + (version === undefined ? 0 : 8);
    }
    return end;
  }

  private version(kind: number): number | bigint | undefined {
    if (kind === NONE) return undefined;
    for (let i = 0; i < 8; i++) this.bytes[i] = this.get();
    return kind === BIGINT ? this.bigint[0] : this.number[0];
  }

  private put(byte: number): void {
    this.ring[this.at] = byte;
    this.at = this.at + 1 === RING_BYTES ? 0 : this.at + 1;
  }

  private get(): number {
    const byte = this.ring[this.at]!;
    this.at = this.at + 1 === RING_BYTES ? 0 : this.at + 1;
    return byte;
  }
}
