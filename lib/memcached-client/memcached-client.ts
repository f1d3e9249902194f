/**
 * MemcachedClient: one memcached server, over TCP, TLS or a Unix socket. It is as much of a client as the second tier needs:
 * commands in a pipeline over one connection.
 */

import { type MemcachedAddress, resolveAddress, shownAddress } from './address.js';
import type { Command } from './command.js';
import { Connection } from './connection.js';
import { OPAQUES } from './meta.js';
import { type MemcachedClientOptions, type MemcachedClientState, resolveMemcachedClient } from './options.js';

/**
 * A connection to one memcached server, or to a proxy before several, that connects again by itself. It does not keep the process
 * open while nobody waits for an answer.
 */
export class MemcachedClient {
  /** For messages: `host:port`, or the path of the socket. */
  readonly address: string;
  readonly #connection: Connection;
  #opaque = 0;

  /** Begins to connect, and keeps trying until `close`. Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`. */
  constructor(address: MemcachedAddress, options: MemcachedClientOptions = {}) {
    const resolved = resolveAddress(address);
    this.address = shownAddress(resolved);
    this.#connection = new Connection(resolved, resolveMemcachedClient(options));
  }

  /** The state of the connection now. */
  get state(): MemcachedClientState {
    return this.#connection.state;
  }

  /** How many connections there have been. What a server gave over an earlier one may mean something else now. */
  get epoch(): number {
    return this.#connection.epoch;
  }

  /**
   * Sends a command, and gives its answer. Commands made in one turn go out together.
   *
   * @internal
   */
  request<T>(command: Command<T>, signal?: AbortSignal): Promise<Awaited<T>> {
    return this.#connection.request(command, signal);
  }

  /**
   * The first of so many numbers for requests, none of which is in use.
   *
   * @internal
   */
  takeOpaques(count: number): number {
    const first = this.#opaque;
    this.#opaque = (first + count) % OPAQUES;
    return first;
  }

  /** Ends the connection for good. What waits for an answer is rejected with `HOTSET_CLOSED`. */
  close(): void {
    this.#connection.close();
  }
}
