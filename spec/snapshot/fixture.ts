/** A directory for one spec, engines on manual clocks, and what a refused promise says. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CacheEngine, type CacheEngineOptions, type DumpedEntry, ManualClock } from '../../lib/index.js';
import type { SnapshotSource, SnapshotTarget } from '../../lib/snapshot/index.js';

export interface Place {
  /** Where the snapshot goes. */
  readonly path: string;
  /** Names of all files beside it, and itself. */
  files(): string[];
  bytes(): Buffer;
  write(bytes: Buffer): void;
}

/** A new directory, removed when the test is over. */
export function makePlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-snapshot-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'cache.snapshot');
  return {
    path,
    files: () => readdirSync(directory).sort(),
    bytes: () => readFileSync(path),
    write: (bytes) => writeFileSync(path, bytes),
  };
}

export function makeEngine<K, V>(options: CacheEngineOptions<K, V> = {}): CacheEngine<K, V> {
  return new CacheEngine<K, V>({ clock: new ManualClock(5000), ...options });
}

/** A source of ready entries, for what no engine would hold. */
export function sourceOf<K, V>(entries: Iterable<DumpedEntry<K, V>>): SnapshotSource<K, V> {
  return { dump: () => entries };
}

/** An ordinary entry. */
export function entryOf<K, V>(key: K, value: V): DumpedEntry<K, V> {
  return { key, value, flags: 0, remainingTtlMs: Number.POSITIVE_INFINITY };
}

/** A target that keeps what it is given. */
export function makeShelf<K, V>(): SnapshotTarget<K, V> & { readonly entries: DumpedEntry<K, V>[] } {
  const entries: DumpedEntry<K, V>[] = [];
  return {
    entries,
    load: (loaded) => {
      const before = entries.length;
      for (const entry of loaded) entries.push(entry);
      return entries.length - before;
    },
  };
}

/** Everything about an engine that a refused load must not change. */
export function stateOf<K, V>(engine: CacheEngine<K, V>): unknown {
  return { entries: [...engine.dump()], stats: engine.stats(), faults: engine.verify() };
}

/** The error with which `promise` is rejected; fails when it is not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not rejected');
}
