/** Who has which slots of a cluster, and whether the client knows them all. */

import { HotsetError } from '../../errors.js';
import type { RedisServer, RedisServers } from './clients.js';
import { tagIn } from './hash-slots.js';

/**
 * What `masters` say of all slots, as a text to compare. Empty where there is no cluster. Rejects with `HOTSET_DISCONNECTED` when
 * they are not all masters. O(ranges of slots) for each master.
 */
export async function topologyOf(servers: RedisServers, masters: readonly RedisServer[]): Promise<string> {
  if (!servers.isCluster) return '';
  const answers = await Promise.all(
    masters.map(async (server) => rangesOf(await server.send(['cluster', 'slots']))),
  );
  const ranges = answers.flat();
  if (new Set(ranges.map(({ master }) => master)).size !== masters.length) {
    // The client learns of the others by being sent to them.
    const { signal } = new AbortController();
    for (const { first } of ranges) await servers.sendTo(tagIn(first), ['exists', tagIn(first)], signal);
    throw new HotsetError('HOTSET_DISCONNECTED', 'the client does not know every master of the cluster');
  }
  return ranges
    .map(({ first, last, master }) => `${first}-${last} ${master}`)
    .sort()
    .join();
}

interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly master: string;
}

/** Of CLUSTER SLOTS. A master is named by its address, and not by its replicas, which come and go. */
function rangesOf(reply: unknown): SlotRange[] {
  return (reply as [unknown, unknown, [unknown, unknown]][]).map(([first, last, [host, port]]) => ({
    first: Number(first),
    last: Number(last),
    master: `${host}:${port}`,
  }));
}
