/** What all hotset.v1 conversations of one endpoint have in common. */

import type { ItemStore } from '../../memcached/item-store.js';
import { HotKeys } from './hot/hot-keys.js';
import { ChangeBroadcaster } from './subscriptions/change-broadcaster.js';

/** What clients may do: everything, nothing that changes an entry, or see no values either. */
export type RpcAccess = 'full' | 'read-only' | 'metadata';

/** Checked by whoever made them. */
export interface RpcSettings {
  readonly access: RpcAccess;
  /** Subscriptions of one connection. */
  readonly maxSubscriptions: number;
  /** What the subscriptions of all connections may take, about. */
  readonly maxSubscriptionBytes: number;
  /** Requests in a batch, and keys in a `getMany`. */
  readonly maxBatch: number;
  /** What one reply may hold, short results and errors aside. */
  readonly maxReplyBytes: number;
  /** With more than this in replies that are half made or wait for their clients, of all connections, replies are kept short. */
  readonly maxRepliesBytes: number;
  /** With more than this not yet taken by the operating system, a client is not read from, and is told nothing. */
  readonly maxUnsentBytes: number;
  /** With more than this, it is cut. */
  readonly maxBacklogBytes: number;
  /** Takes faults of the server, such as what a removal listener throws; the client gets -32603. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a reply may hold while there is no room for more. */
export const SHORT_REPLY_BYTES: number = 16 * 1024;

export class RpcContext {
  readonly items: ItemStore;
  readonly settings: RpcSettings;
  readonly broadcaster: ChangeBroadcaster;
  readonly hotKeys: HotKeys;
  /** Bytes of replies that are half made or wait for their clients. */
  waitingBytes = 0;

  constructor(items: ItemStore, settings: RpcSettings) {
    this.items = items;
    this.settings = settings;
    this.broadcaster = new ChangeBroadcaster(items, settings.onError);
    this.hotKeys = new HotKeys(items);
  }

  /** The most that a reply may still hold, whatever its own limit is. */
  get replyRoomBytes(): number {
    return this.waitingBytes > this.settings.maxRepliesBytes ? SHORT_REPLY_BYTES : Number.POSITIVE_INFINITY;
  }

  /** Lets go of the engine: nobody is told of changes any more. */
  close(): void {
    this.broadcaster.close();
    this.hotKeys.stop();
  }
}
