/** Methods that tell of the cache and its entries, without values. They change neither order nor statistics. */

import { encodeKey } from '../../../memcached/key-encoding.js';
import { overview } from '../../../memcached/overview.js';
import { VERSION } from '../../../version.js';
import { optional } from '../params.js';
import { RpcError } from '../rpc-error.js';
import { ttlJson, versionJson } from '../stored-value.js';
import { type Call, KEY, type Method, method, type Steps } from './method.js';

const HOT_DEFAULT = 20;
const HOT_MAX = 100;

export const VIEWS: Readonly<Record<string, Method>> = {
  ping: method('metadata', {}, () => '"pong"'),
  // Infinite limits become null on the way.
  stats: method('metadata', {}, ({ items, context }) =>
    JSON.stringify({ version: VERSION, access: context.settings.access, ...overview(items) }),
  ),
  inspect: method('metadata', { key: KEY }, ({ items }, { key }) => {
    const { entries } = items;
    const entry = entries.peekSlot(encodeKey(key));
    if (entry === 0) return 'null';
    const facts = {
      bytes: entries.bytesAt(entry),
      flags: entries.flagsAt(entry),
      ageMs: entries.ageMsAt(entry),
      idleMs: entries.idleMsAt(entry),
      fetched: entries.fetchedAt(entry),
      valueBytes: entries.valueAt(entry).length,
    };
    const rest = JSON.stringify(facts).slice(1);
    return `{"version":${versionJson(items, entry)},"ttlMs":${ttlJson(items, entry)},${rest}`;
  }),
  hot: method(
    'metadata',
    { limit: optional(`a whole number from 1 to ${HOT_MAX}`, isLimit) },
    (call, { limit = HOT_DEFAULT }) => hot(call, limit),
  ),
};

function* hot({ items, context }: Call, limit: number): Steps {
  if (!items.allowDump) throw new RpcError('HOTSET_FORBIDDEN', 'keys may not be listed on this server');
  return JSON.stringify(yield* context.hotKeys.report(limit));
}

function isLimit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= HOT_MAX;
}
