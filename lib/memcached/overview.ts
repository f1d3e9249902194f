/** What the live view shows of a store: the figures of the engine, the protocol and the transports. */

import { COUNTERS, type CounterName } from './counters.js';
import type { ItemStore } from './item-store.js';

export interface Overview {
  readonly uptimeMs: number;
  readonly engine: ReturnType<ItemStore['entries']['stats']>;
  /** By memcached's names. */
  readonly commands: Readonly<Record<CounterName, number>>;
  /** Over all transports, like the following figures. */
  readonly connections: {
    readonly current: number;
    readonly total: number;
    readonly rejected: number;
    readonly max: number;
  };
  readonly network: { readonly bytesRead: number; readonly bytesWritten: number };
}

export function overview(items: ItemStore): Overview {
  return {
    uptimeMs: items.uptimeMs,
    engine: items.entries.stats(),
    commands: Object.fromEntries(COUNTERS.map((name) => [name, items.figure(name)])) as Record<
      CounterName,
      number
    >,
    connections: {
      current: items.overTransports((transport) => transport.currentConnections),
      total: items.overTransports((transport) => transport.totalConnections),
      rejected: items.overTransports((transport) => transport.rejectedConnections),
      max: items.overTransports((transport) => transport.maxConnections),
    },
    network: {
      bytesRead: items.overTransports((transport) => transport.bytesRead),
      bytesWritten: items.overTransports((transport) => transport.bytesWritten),
    },
  };
}
