/**
 * A connection of its own, beside the user's, on which a server reports what happens: changes of keys, or messages. It is made
 * with the user's options and opened once. When it is lost it is thrown away, so that nothing of an older connection is left.
 */

import type { IoredisClient, NodeRedisClient } from './client-types.js';

export interface PushConnection {
  /** Resolves once commands can be sent. */
  open(onLost: (error?: unknown) => void): Promise<void>;
  /** Asks for changes of keys with `prefix`. null: of all keys. */
  track(prefix: string, onChange: (keys: readonly string[] | null) => void): Promise<void>;
  subscribe(channel: string, onMessage: (text: string) => void): Promise<void>;
  /** Resolves when what was reported before has arrived. */
  ping(): Promise<unknown>;
  close(): void;
}

/** The channel that stands for changes of keys in RESP 2. */
const INVALIDATE = '__redis__:invalidate';

function trackingOptions(prefix: string): string[] {
  return prefix === '' ? ['bcast'] : ['bcast', 'prefix', prefix];
}

/**
 * RESP 3: changes arrive beside the replies. With `emitInvalidate` the client emits them, and turns on tracking of the keys that
 * it reads, which is of no use here and has to be turned off first.
 */
export class NodeRedisPushes implements PushConnection {
  readonly #connection: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    this.#connection = client.duplicate({
      RESP: 3,
      emitInvalidate: true,
      clientSideCache: undefined,
      socket: { ...client.options?.socket, reconnectStrategy: false },
    });
  }

  async open(onLost: (error?: unknown) => void): Promise<void> {
    const connection = this.#connection;
    connection.on('error', onLost);
    connection.on('end', () => onLost());
    await connection.connect();
  }

  async track(prefix: string, onChange: (keys: readonly string[] | null) => void): Promise<void> {
    const connection = this.#connection;
    connection.on('invalidate', (key) => onChange(key === null ? null : [String(key)]));
    await connection.sendCommand(['client', 'tracking', 'off']);
    await connection.sendCommand(['client', 'tracking', 'on', ...trackingOptions(prefix)]);
  }

  async subscribe(channel: string, onMessage: (text: string) => void): Promise<void> {
    await this.#connection.subscribe(channel, onMessage);
  }

  ping(): Promise<unknown> {
    return this.#connection.sendCommand(['ping']);
  }

  close(): void {
    this.#connection.destroy();
  }
}

/** RESP 2: the connection subscribes to the channel that its own changes are redirected to. */
export class IoredisPushes implements PushConnection {
  readonly #connection: IoredisClient;

  constructor(client: IoredisClient) {
    this.#connection = client.duplicate({
      // Those of version 6; the others do not know them.
      protocol: 2,
      replyMapping: undefined,
      lazyConnect: true,
      retryStrategy: null,
      reconnectOnError: null,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      autoResubscribe: false,
      monitor: false,
    });
  }

  async open(onLost: (error?: unknown) => void): Promise<void> {
    const connection = this.#connection;
    connection.on('error', onLost);
    connection.on('end', () => onLost());
    await connection.connect();
  }

  async track(prefix: string, onChange: (keys: readonly string[] | null) => void): Promise<void> {
    const connection = this.#connection;
    connection.on('messageBuffer', (_channel, keys: unknown) => {
      onChange(Array.isArray(keys) ? keys.map(String) : null);
    });
    const id = await connection.callBuffer('client', ['id']);
    await connection.callBuffer('client', [
      'tracking',
      'on',
      'redirect',
      `${id}`,
      ...trackingOptions(prefix),
    ]);
    await connection.callBuffer('subscribe', [INVALIDATE]);
  }

  async subscribe(channel: string, onMessage: (text: string) => void): Promise<void> {
    const connection = this.#connection;
    connection.on('messageBuffer', (_channel, text) => onMessage(text.toString()));
    await connection.callBuffer('subscribe', [channel]);
  }

  ping(): Promise<unknown> {
    return this.#connection.callBuffer('ping', []);
  }

  close(): void {
    this.#connection.disconnect();
  }
}
