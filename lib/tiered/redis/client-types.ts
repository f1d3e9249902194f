/**
 * Clients of Redis and Valkey by their shape: what is used of those of @redis/client 6, ioredis 5 and 6 and iovalkey, which have it
 * without a cast. None of their packages is imported.
 */

/** What is used of `createClient()` of @redis/client 6. */
export interface NodeRedisClient {
  /** Whether commands would be sent now. */
  readonly isReady: boolean;
  /** Those that the client was made with. */
  readonly options?:
    | { readonly keyPrefix?: string | Buffer | undefined; readonly socket?: object | undefined }
    | undefined;
  /** Sends a command. */
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  /** A client with the same options and others, not connected. */
  duplicate(overrides?: object): NodeRedisClient;
  /** Connects. */
  connect(): Promise<unknown>;
  /** Closes at once. */
  destroy(): void;
  /** Subscribes to a channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** Listens to `error`, `end` and `invalidate`. */
  on(event: string, listener: (value: unknown) => void): unknown;
}

/** What is used of `createCluster()` of @redis/client 6. */
export interface NodeRedisCluster {
  /** Whether the nodes are known. */
  readonly isReady: boolean;
  /** Nodes that have slots. */
  readonly masters: readonly { readonly address: string }[];
  /** The client of a node. */
  nodeClient(node: { readonly address: string }): Promise<NodeRedisClient>;
  /** Sends a command to the node of a key. */
  sendCommand(
    firstKey: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: object,
  ): Promise<unknown>;
}

/** What is used of a pipeline of ioredis 5 and 6 and iovalkey. */
export interface IoredisPipeline {
  /** Adds a command. */
  callBuffer(command: string, args: (string | Buffer)[]): IoredisPipeline;
  /** Sends the commands. */
  exec(): Promise<[Error | null, unknown][] | null>;
}

/** What is used of both `new Redis()` and `new Redis.Cluster()` of ioredis 5 and 6 and iovalkey. */
export interface IoredisCommands {
  /** `ready` and others. */
  readonly status: string;
  /** Those that the client was made with. */
  readonly options: {
    readonly keyPrefix?: string | Buffer | undefined;
    readonly enableAutoPipelining?: boolean | undefined;
  };
  /** Sends a command. */
  callBuffer(command: string, args: (string | Buffer)[]): Promise<unknown>;
  /** Commands that are sent at once. */
  pipeline(): IoredisPipeline;
}

/** What is used of `new Redis()` of ioredis 5 and 6 and iovalkey. */
export interface IoredisClient extends IoredisCommands {
  /** Those that the client was made with. */
  readonly options: IoredisCommands['options'] & {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
  /** A client with the same options and others. */
  duplicate(override?: object): IoredisClient;
  /** Connects. */
  connect(): Promise<unknown>;
  /** Closes at once. */
  disconnect(): void;
  /** Listens to `error`, `end` and messages. */
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown;
  on(event: string, listener: (value: unknown) => void): unknown;
}

/** What is used of `new Redis.Cluster()` of ioredis 5 and 6 and iovalkey. */
export interface IoredisCluster extends IoredisCommands {
  /** The clients of the nodes that have slots. */
  nodes(role: 'master'): IoredisClient[];
}

/** A client of Redis or Valkey, connected by the user, who also closes it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoredisClient | IoredisCluster;
