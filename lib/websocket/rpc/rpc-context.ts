/** What all hotset.v1 connections of one endpoint share. */

import type { ItemStore } from '../../memcached/item-store.js';
import { Request } from '../../memcached/request.js';
import type { Access } from '../../rpc-protocol.js';
import type { Scheduler } from '../../scheduler.js';
import { StatsHistory } from './stats-history.js';
import { ChangeBroadcaster } from './subscriptions/change-broadcaster.js';

/** Checked by `resolveWebSocketOptions`. */
export interface RpcSettings {
  readonly access: Access;
  /** Subscriptions of one connection. */
  readonly maxSubscriptions: number;
  /** About how many bytes the subscriptions of all connections may take. */
  readonly maxSubscriptionBytes: number;
  /** Requests in a batch, and keys in a `getMany`. */
  readonly maxBatch: number;
  /** Bytes of results in one reply, short results and errors aside. */
  readonly maxReplyBytes: number;
  /** Above this many bytes of incomplete or waiting replies, over all connections, replies are kept short. */
  readonly maxRepliesBytes: number;
  /** Above this many unsent bytes, the server stops reading from a client and sends it no notifications. */
  readonly maxUnsentBytes: number;
  /** Above this many, it closes the connection. */
  readonly maxBacklogBytes: number;
  /** Whether the server's figures are kept for an hour. Default: false. */
  readonly history?: boolean | undefined;
  /** Where its timer comes from. Default: the system's. */
  readonly scheduler?: Scheduler | undefined;
  /** Takes faults of the server, such as what a removal listener throws; the client gets -32603. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a reply may hold while too many bytes wait. */
export const SHORT_REPLY_BYTES: number = 16 * 1024;

export class RpcContext {
  readonly items: ItemStore;
  readonly settings: RpcSettings;
  readonly broadcaster: ChangeBroadcaster;
  /** Null for none. */
  readonly history: StatsHistory | null;
  /** For whatever runs a memcached command: it fills this, and the command does not keep it. */
  readonly request: Request;
  /** Bytes of incomplete or waiting replies. */
  waitingBytes = 0;

  constructor(items: ItemStore, settings: RpcSettings) {
    this.items = items;
    this.request = new Request(items.entries.hashSeed);
    this.settings = settings;
    this.broadcaster = new ChangeBroadcaster(items, settings.onError);
    this.history = settings.history === true ? new StatsHistory(items, settings.scheduler) : null;
  }

  /** The most that a reply may still hold, whatever its own limit is. */
  get maxReplyBytes(): number {
    return this.waitingBytes > this.settings.maxRepliesBytes ? SHORT_REPLY_BYTES : Number.POSITIVE_INFINITY;
  }

  /** Stops listening to the engine. Clients get no more notifications. */
  close(): void {
    this.broadcaster.close();
    this.items.hotKeys.stop();
    this.history?.end();
  }
}
