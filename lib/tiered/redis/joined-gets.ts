/**
 * Reads of single keys that are asked for at about the same time go to the server as one MGET: a command costs a client several
 * times as much as a key does. They are sent once everything has run that only waits for promises, so that a read which is alone
 * loses no time, and one that begins after a write is sent after it.
 *
 * Reads with one signal are joined. O(1) for each; a command has at most 64 keys.
 */

import type { RedisServers } from './clients.js';

interface Batch {
  readonly keys: string[];
  readonly signal: AbortSignal;
  readonly replies: { resolve(value: unknown): void; reject(error: unknown): void }[];
}

const MAX_KEYS = 64;

export class JoinedGets {
  readonly #servers: RedisServers;
  #batch: Batch | undefined;

  constructor(servers: RedisServers) {
    this.#servers = servers;
  }

  /** What GET would reply; null also for what is no text. */
  get(key: string, signal: AbortSignal): Promise<unknown> {
    if (this.#servers.isCluster) return plainGet(this.#servers, key, signal);
    let batch = this.#batch;
    if (batch === undefined || batch.signal !== signal || batch.keys.length >= MAX_KEYS) {
      const begun: Batch = { keys: [], signal, replies: [] };
      batch = this.#batch = begun;
      process.nextTick(() => {
        if (this.#batch === begun) this.#batch = undefined;
        void this.#send(begun);
      });
    }
    const { keys, replies } = batch;
    keys.push(key);
    return new Promise((resolve, reject) => {
      replies.push({ resolve, reject });
    });
  }

  /** Rejects nothing itself. */
  async #send({ keys, signal, replies }: Batch): Promise<void> {
    try {
      const values =
        keys.length === 1
          ? [await plainGet(this.#servers, keys[0]!, signal)]
          : ((await this.#servers.sendTo(keys[0]!, ['mget', ...keys], signal)) as unknown[]);
      for (const [at, { resolve }] of replies.entries()) resolve(values[at]);
    } catch (error) {
      for (const { reject } of replies) reject(error);
    }
  }
}

/** Somebody else's list or hash under the key is no entry: the next write replaces it. */
async function plainGet(servers: RedisServers, key: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await servers.sendTo(key, ['get', key], signal);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return null;
    throw error;
  }
}
