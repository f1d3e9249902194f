/** Notices in words. */

import type { ItemStore } from '../../../memcached/item-store.js';
import { keyText } from '../../../memcached/wire-key.js';
import { notification } from '../json-rpc.js';
import { versionJson } from '../stored-value.js';
import type { Notice } from './subscription.js';

/** The notice as JSON, with the version that the key has now. */
export function noticeJson(items: ItemStore, { key, cause }: Notice): string {
  if (key === null) return notification('invalidatedAll', `{"cause":"${cause}"}`);
  const entry = items.engine.find(key);
  const version = entry === 0 ? 'null' : versionJson(items, entry);
  return notification(
    'invalidated',
    `{"key":${JSON.stringify(keyText(key))},"cause":"${cause}","version":${version}}`,
  );
}
