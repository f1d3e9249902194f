/**
 * The changes on several servers as one invalidation source.
 *
 * It is connected while the sources of all servers that are in use are. When any is lost it is lost, also that of a server that
 * is out: values of that server may be in a first tier, which `connected` empties.
 */

import type { InvalidationListener, InvalidationSource } from '../tiered/second-tier.js';
import type { Shard } from './shard.js';

export class ShardedSource implements InvalidationSource {
  readonly name: string;
  readonly #sources: readonly InvalidationSource[];
  readonly #shards: readonly Shard[];
  /** When each has last said that it is alive; NaN for those that never do. */
  readonly #aliveAtMs: number[];
  #listener: InvalidationListener | null = null;
  #isConnected = false;

  /** One source for each server. */
  constructor(sources: readonly InvalidationSource[], shards: readonly Shard[]) {
    this.name = sources[0]!.name;
    this.#sources = sources;
    this.#shards = shards;
    this.#aliveAtMs = sources.map(() => Number.NaN);
  }

  start(prefix: string, listener: InvalidationListener): void {
    this.#listener = listener;
    this.#aliveAtMs.fill(Number.NaN);
    for (const shard of this.#shards) shard.isLinked = false;
    for (const [i, source] of this.#sources.entries()) source.start(prefix, this.#listenerOf(i));
  }

  async stop(): Promise<void> {
    this.#listener = null;
    this.#isConnected = false;
    for (const shard of this.#shards) shard.isLinked = true;
    await Promise.all(this.#sources.map((source) => source.stop()));
  }

  /** A server has gone out, or come back in. */
  onMove(): void {
    const inUse = this.#shards.filter(({ isIn }) => isIn);
    if (this.#isConnected || inUse.length === 0 || !inUse.every(({ isLinked }) => isLinked)) return;
    if (this.#listener === null) return;
    this.#isConnected = true;
    this.#listener.connected();
    this.#reportAlive();
  }

  #listenerOf(i: number): InvalidationListener {
    return {
      connected: () => {
        this.#shards[i]!.linked();
        this.onMove();
      },
      disconnected: (error) => {
        this.#shards[i]!.isLinked = false;
        if (this.#isConnected) {
          this.#isConnected = false;
          this.#listener?.disconnected(error);
        }
        this.onMove();
      },
      alive: (sentAtMs) => {
        this.#aliveAtMs[i] = sentAtMs;
        this.#reportAlive();
      },
      keysChanged: (keys) => this.#listener?.keysChanged(keys),
      tagsInvalidated: (tags) => this.#listener?.tagsInvalidated?.(tags),
      allChanged: () => this.#listener?.allChanged(),
    };
  }

  /** All are as alive as the one that has been silent longest. */
  #reportAlive(): void {
    const times = this.#aliveAtMs.filter((atMs, i) => !Number.isNaN(atMs) && this.#shards[i]!.isIn);
    if (this.#isConnected && times.length > 0) this.#listener?.alive?.(Math.min(...times));
  }
}
