/** `stats conns`: listeners and connections, each under the number that `cfd=` shows elsewhere. */

import type { ItemStore } from '../item-store.js';
import type { Stat } from './answer.js';

export function* connectionStats(items: ItemStore): Generator<Stat> {
  for (const transport of items.transports) {
    for (const connection of transport.connections()) {
      yield [`${connection.id}:addr`, connection.address];
      if (connection.listenAddress !== undefined)
        yield [`${connection.id}:listen_addr`, connection.listenAddress];
      yield [`${connection.id}:state`, connection.state];
      yield [`${connection.id}:secs_since_last_cmd`, connection.secondsSinceLastCommand];
    }
  }
}
