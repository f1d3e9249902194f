/** A second tier in memory, with leases, whose server can be cut off, made to hang, restarted and asked what it holds. */

import type { Clock } from '../../lib/engine/clock.js';
import type {
  InvalidationListener,
  InvalidationSource,
  LeasedRead,
  SecondTier,
  TierEntry,
} from '../../lib/tiered/second-tier.js';

interface Held {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
}

/** What several processes share. */
export class ModelServer {
  readonly held: Map<string, Held> = new Map<string, Held>();
  readonly leases: Map<string, { token: string; dueMs: number }> = new Map();
  #tokens = 0;
  readonly #clock: Clock;
  /** Told of each key that changes; null for every key. */
  readonly listeners: Set<(key: string | null) => void> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  live(key: string): Held | undefined {
    const held = this.held.get(key);
    return held !== undefined && held.dueMs > this.#clock.now() ? held : undefined;
  }

  store(key: string, { bytes, ttlMs }: TierEntry): void {
    this.held.set(key, { bytes, dueMs: this.#clock.now() + ttlMs });
    this.#changed(key);
  }

  remove(key: string): void {
    this.held.delete(key);
    this.#changed(key);
  }

  clear(): void {
    this.held.clear();
    this.leases.clear();
    for (const listener of this.listeners) listener(null);
  }

  /** As text; undefined for none. */
  text(key: string): string | undefined {
    const held = this.live(key);
    return held && Buffer.from(held.bytes).toString();
  }

  entry(key: string): TierEntry | undefined {
    const held = this.live(key);
    return held && { bytes: Uint8Array.from(held.bytes), ttlMs: held.dueMs - this.#clock.now() };
  }

  read(key: string, leaseMs: number, staleBelowMs: number): LeasedRead {
    const entry = this.entry(key);
    if (entry !== undefined && staleBelowMs !== Number.POSITIVE_INFINITY && entry.ttlMs >= staleBelowMs)
      return { entry, lease: undefined, isLoading: false };
    const holder = this.leases.get(key);
    if (holder !== undefined && holder.dueMs > this.#clock.now())
      return { entry, lease: undefined, isLoading: true };
    const lease = `${++this.#tokens}`;
    this.leases.set(key, { token: lease, dueMs: this.#clock.now() + leaseMs });
    return { entry, lease, isLoading: false };
  }

  /** Whether the lease was good; it ends. */
  end(key: string, lease: string): boolean {
    const holder = this.leases.get(key);
    if (holder?.token !== lease || holder.dueMs <= this.#clock.now()) return false;
    return this.leases.delete(key);
  }

  #changed(key: string): void {
    this.leases.delete(key);
    for (const listener of this.listeners) listener(key);
  }
}

/** One process' way to the server. */
export class ModelTier implements SecondTier {
  readonly name = 'model';
  readonly server: ModelServer;
  /** What each call rejects with; null while the server can be reached. */
  error: Error | null = null;
  /** Whether the server does, all the same, what it is asked while there is an error: only its answers are lost. */
  isHeard = false;
  /** No call settles any more. */
  hangs = false;
  /** The way there and back, each in its order; it arrives at once by default. */
  way: { there(): Promise<void>; back(): Promise<void> } | null = null;
  /** Calls in their order: `get a,b`. */
  readonly calls: string[] = [];
  readonly source: ModelSource;

  constructor(server: ModelServer) {
    this.server = server;
    this.source = new ModelSource(server);
  }

  get(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    return this.#call(
      `get ${keys}`,
      () =>
        new Map(
          keys.flatMap((key) => {
            const entry = this.server.entry(key);
            return entry === undefined ? [] : [[key, entry] as const];
          }),
        ),
    );
  }

  set(entries: ReadonlyMap<string, TierEntry>): Promise<void> {
    return this.#call(`set ${[...entries.keys()]}`, () => {
      for (const [key, entry] of entries) this.server.store(key, entry);
    });
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#call(`delete ${keys}`, () => {
      for (const key of keys) this.server.remove(key);
    });
  }

  empty(): Promise<void> {
    return this.#call('empty', () => this.server.clear());
  }

  deletePrefix(prefix: string): Promise<void> {
    return this.#call(`deletePrefix ${prefix}`, () => {
      const keys = [...this.server.held.keys(), ...this.server.leases.keys()];
      for (const key of keys) if (key.startsWith(prefix)) this.server.remove(key);
    });
  }

  readonly leases = {
    read: (key: string, leaseMs: number, staleBelowMs: number): Promise<LeasedRead> =>
      this.#call(`read ${key}`, () => this.server.read(key, leaseMs, staleBelowMs)),
    fill: (key: string, lease: string, entry: TierEntry): Promise<boolean> =>
      this.#call(`fill ${key}`, () => {
        const isGood = this.server.end(key, lease);
        if (isGood) this.server.store(key, entry);
        return isGood;
      }),
    release: (key: string, lease: string): Promise<void> =>
      this.#call(`release ${key}`, () => {
        this.server.end(key, lease);
      }),
  };

  async #call<T>(name: string, work: () => T): Promise<T> {
    this.calls.push(name);
    if (this.hangs) return new Promise(() => {});
    await this.way?.there();
    const { error } = this;
    const result = error === null || this.isHeard ? work() : undefined;
    await this.way?.back();
    if (error !== null) throw error;
    return result as T;
  }
}

/** Reports a server's changes at once. */
class ModelSource implements InvalidationSource {
  readonly name = 'model';
  readonly #server: ModelServer;
  #listener: InvalidationListener | null = null;
  #isUp = false;

  constructor(server: ModelServer) {
    this.#server = server;
  }

  start(_prefix: string, listener: InvalidationListener): void {
    this.#listener = listener;
    this.up();
  }

  async stop(): Promise<void> {
    this.down();
    this.#listener = null;
  }

  readonly #report = (key: string | null): void => {
    if (key === null) this.#listener?.allChanged();
    else this.#listener?.keysChanged([key]);
  };

  up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#server.listeners.add(this.#report);
    this.#listener?.connected();
  }

  down(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#server.listeners.delete(this.#report);
    this.#listener?.disconnected(new Error('cut'));
  }
}
