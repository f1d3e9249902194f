/** What all hotset.v1 conversations of one endpoint have in common. */

import type { ItemStore } from '../../memcached/item-store.js';
import { HotKeys } from './hot/hot-keys.js';
import { Hub } from './subscriptions/hub.js';

/** What clients may do: everything, nothing that changes an entry, or see no values either. */
export type RpcAccess = 'full' | 'read-only' | 'metadata';

/** Checked by whoever made them. */
export interface RpcSettings {
  readonly access: RpcAccess;
  /** Subscriptions of one connection. */
  readonly maxSubscriptions: number;
  /** What the subscriptions of all connections may take, about. */
  readonly subscriptionsMaxBytes: number;
  /** Requests in a batch, and keys in a `getMany`. */
  readonly maxBatch: number;
  /** What one reply may hold, short results and errors aside. */
  readonly replyMaxBytes: number;
  /** With more than this not yet taken by the operating system, a client is not read from, and is told nothing. */
  readonly unsentMaxBytes: number;
  /** With more than this, it is cut. */
  readonly unsentCutBytes: number;
  /** Takes faults of the server, such as what a removal listener throws; the client gets -32603. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export class RpcContext {
  readonly items: ItemStore;
  readonly settings: RpcSettings;
  readonly hub: Hub;
  readonly hotKeys: HotKeys;

  constructor(items: ItemStore, settings: RpcSettings) {
    this.items = items;
    this.settings = settings;
    this.hub = new Hub(items, settings.onError);
    this.hotKeys = new HotKeys(items);
  }

  /** Lets go of the engine: nobody is told of changes any more. */
  close(): void {
    this.hub.close();
    this.hotKeys.stop();
  }
}
