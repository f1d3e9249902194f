/** Redis' own pub/sub, to carry the texts of a bus: for a second tier that cannot report its changes. */

import type { Scheduler } from '../../scheduler.js';
import type { BusTransport } from '../bus.js';
import type { RedisClient } from './client-types.js';
import { type RedisServer, type RedisServers, serversOf } from './clients.js';
import { PushLoop } from './push-loop.js';
import { type RedisTrackingOptions, resolveTracking } from './redis-tracking.js';

/**
 * Publishes by the user's client, and subscribes on a connection beside it, in a cluster to the master whose address comes first. What is published
 * while the subscription is down is lost. Throws `HOTSET_INVALID_OPTION`.
 */
export function redisPubSub(client: RedisClient, options: RedisTrackingOptions = {}): BusTransport {
  const { scheduler, pingIntervalMs } = resolveTracking(options);
  return new RedisPubSub(serversOf(client), scheduler, pingIntervalMs);
}

class RedisPubSub implements BusTransport {
  readonly name = 'redis';
  readonly #servers: RedisServers;
  readonly #scheduler: Scheduler;
  readonly #pingIntervalMs: number;

  constructor(servers: RedisServers, scheduler: Scheduler, pingIntervalMs: number) {
    this.#servers = servers;
    this.#scheduler = scheduler;
    this.#pingIntervalMs = pingIntervalMs;
  }

  /** What one process publishes stays in order. */
  async publish(channel: string, text: string): Promise<unknown> {
    return (await this.#server()).send(['publish', channel, text]);
  }

  subscribe(
    channel: string,
    onMessage: (text: string) => void,
    onLink: (isUp: boolean, error?: unknown) => void,
  ): () => Promise<void> {
    const loop = new PushLoop(
      {
        open: async (join) => {
          const connection = (await this.#server()).pushes();
          await join(connection);
          await connection.subscribe(channel, (text) => {
            if (loop.isUp) onMessage(text);
          });
        },
        verify: () => Promise.resolve(),
        up: () => onLink(true),
        down: (error) => onLink(false, error),
        alive: () => {},
      },
      this.#scheduler,
      this.#pingIntervalMs,
    );
    loop.start();
    return () => {
      loop.stop();
      return Promise.resolve();
    };
  }

  /** The same one for all: nodes of a cluster pass messages on, and then those that went to several come in any order. */
  async #server(): Promise<RedisServer> {
    const masters = await this.#servers.masters();
    return masters.reduce((first, other) => (other.address < first.address ? other : first));
  }
}
