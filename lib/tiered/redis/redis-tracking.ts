/**
 * Changes as Redis reports them itself, to a connection that tracks a prefix: `CLIENT TRACKING … BCAST`. No writer has to do
 * anything for it, and evictions, expirations and FLUSHALL are reported too.
 *
 * Redis queues the reports of a write before its reply, so a ping that is sent after a write was acknowledged is answered after
 * its report: that is what `alive` says. In a cluster there is one connection for each master. Who has which slot is asked for
 * with each ping; when that has changed, everything may have.
 */

import { HotsetError, invalidOption, rejectUnknownOptions } from '../../errors.js';
import { methodOption } from '../../options.js';
import { type Scheduler, systemScheduler, TIMER_MAX_MS } from '../../scheduler.js';
import type { InvalidationListener, InvalidationSource } from '../second-tier.js';
import type { RedisClient } from './client-types.js';
import { type RedisServer, type RedisServers, serversOf } from './clients.js';
import { keyOfLease } from './hash-slots.js';
import type { PushConnection } from './push-connection.js';
import { PushLoop, type PushPlan } from './push-loop.js';
import { topologyOf } from './topology.js';

/** What tracking takes. */
export interface RedisTrackingOptions {
  /** How often each connection is asked for a sign of life, and for how long it is waited for. Default: 3,000. */
  readonly pingIntervalMs?: number | undefined;
  /** Default: `setTimeout`. */
  readonly scheduler?: Scheduler | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof RedisTrackingOptions>(['pingIntervalMs', 'scheduler']);
const PING_INTERVAL_MS = 3_000;

/** Options of a loop with the defaults. Throws `HOTSET_INVALID_OPTION`. */
export function resolveTracking(options: RedisTrackingOptions): {
  scheduler: Scheduler;
  pingIntervalMs: number;
} {
  rejectUnknownOptions(options, OPTIONS);
  const { pingIntervalMs = PING_INTERVAL_MS } = options;
  if (!(pingIntervalMs >= 1 && pingIntervalMs <= TIMER_MAX_MS))
    throw invalidOption('pingIntervalMs', `milliseconds from 1 to ${TIMER_MAX_MS}`, pingIntervalMs);
  return {
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    pingIntervalMs,
  };
}

/**
 * Reports changes of keys by connections beside the user's own, made with the same options: RESP 3 with @redis/client, RESP 2 by
 * redirection with ioredis and iovalkey. Needs Redis 6 or Valkey, and a user who may run CLIENT (and CLUSTER in a cluster).
 * Throws `HOTSET_INVALID_OPTION`.
 */
export function redisTracking(client: RedisClient, options: RedisTrackingOptions = {}): InvalidationSource {
  const { scheduler, pingIntervalMs } = resolveTracking(options);
  return new RedisTracking(serversOf(client), scheduler, pingIntervalMs);
}

class RedisTracking implements InvalidationSource {
  readonly name = 'redis';
  readonly #servers: RedisServers;
  readonly #scheduler: Scheduler;
  readonly #pingIntervalMs: number;
  #loop: PushLoop | undefined;

  constructor(servers: RedisServers, scheduler: Scheduler, pingIntervalMs: number) {
    this.#servers = servers;
    this.#scheduler = scheduler;
    this.#pingIntervalMs = pingIntervalMs;
  }

  start(prefix: string, listener: InvalidationListener): void {
    this.#loop?.stop();
    const plan = new Tracking(this.#servers, prefix, listener, () => loop.isUp);
    const loop = new PushLoop(plan, this.#scheduler, this.#pingIntervalMs);
    this.#loop = loop;
    loop.start();
  }

  stop(): Promise<void> {
    this.#loop?.stop();
    this.#loop = undefined;
    return Promise.resolve();
  }
}

class Tracking implements PushPlan {
  readonly #servers: RedisServers;
  readonly #prefix: string;
  readonly #listener: InvalidationListener;
  readonly #isUp: () => boolean;
  #masters: readonly RedisServer[] = [];
  /** Who had which slots when the connections were made. */
  #topology = '';

  constructor(servers: RedisServers, prefix: string, listener: InvalidationListener, isUp: () => boolean) {
    this.#servers = servers;
    this.#prefix = prefix;
    this.#listener = listener;
    this.#isUp = isUp;
  }

  async open(join: (connection: PushConnection) => Promise<void>): Promise<void> {
    this.#masters = await this.#servers.masters();
    this.#topology = await topologyOf(this.#servers, this.#masters);
    await Promise.all(
      this.#masters.map(async (server) => {
        const connection = server.pushes();
        await join(connection);
        await connection.track(this.#prefix, (keys) => this.#changed(keys));
      }),
    );
    await this.verify();
  }

  async verify(): Promise<void> {
    if ((await topologyOf(this.#servers, this.#masters)) !== this.#topology)
      throw new HotsetError('HOTSET_DISCONNECTED', 'slots of the cluster have moved');
  }

  up(): void {
    this.#listener.connected();
  }

  down(error: unknown): void {
    this.#listener.disconnected(error);
  }

  alive(sentAtMs: number): void {
    this.#listener.alive?.(sentAtMs);
  }

  #changed(keys: readonly string[] | null): void {
    if (!this.#isUp()) return;
    if (keys === null) {
      this.#listener.allChanged();
      return;
    }
    // Leases begin with a brace: a prefix that does too may see them.
    const changed = keys.filter((key) => key.startsWith(this.#prefix) && keyOfLease(key) === undefined);
    if (changed.length > 0) this.#listener.keysChanged(changed);
  }
}
