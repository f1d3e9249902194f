/** Notices in words. */

import type { ItemStore } from '../../../memcached/item-store.js';
import { keyText } from '../../../memcached/wire-key.js';
import { notification } from '../json-rpc.js';
import { versionJson } from '../stored-value.js';
import type { Notice } from './subscription.js';

/**
 * The notice as JSON, with the version that the key has now. Once clients have chosen cas ids themselves (`E` of the meta commands) no
 * version is told: two values may have had the same one, and who holds the first would take it for the second.
 */
export function noticeJson(items: ItemStore, { key, cause }: Notice): string {
  if (key === null) return notification('invalidatedAll', `{"cause":"${cause}"}`);
  const { entries } = items;
  const entry = entries.peekSlot(key);
  const version = entry === 0 || entries.givesVersions ? 'null' : versionJson(items, entry);
  return notification(
    'invalidated',
    `{"key":${JSON.stringify(keyText(key))},"cause":"${cause}","version":${version}}`,
  );
}
