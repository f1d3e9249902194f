/** Notices in words. */

import type { ItemStore } from '../../../memcached/item-store.js';
import { decodeKey } from '../../../memcached/key-encoding.js';
import { notification } from '../json-rpc.js';
import { versionJson } from '../stored-value.js';
import type { Invalidation } from './subscription.js';

/**
 * The notice as JSON, with the version that the key has now. Once clients have chosen cas ids themselves (`E` of the meta commands) no
 * version is told: two values may have had the same one, and who holds the first would take it for the second.
 */
export function invalidationJson(items: ItemStore, { key, cause }: Invalidation): string {
  if (key === null) return notification('invalidatedAll', `{"cause":"${cause}"}`);
  const { entries } = items;
  const entry = entries.peekSlot(key);
  const version = entry === 0 || entries.givesVersions ? 'null' : versionJson(items, entry);
  return notification(
    'invalidated',
    `{"key":${JSON.stringify(decodeKey(key))},"cause":"${cause}","version":${version}}`,
  );
}
