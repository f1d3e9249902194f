/** What each method of hotset.v1 does that changes no entry. `METHODS` of rpc-protocol.ts says what they take. */

import { encodeKey } from '../../items/key-encoding.js';
import { fetch } from '../../memcached/commands/retrieval.js';
import { overview } from '../../memcached/overview.js';
import { DEFAULT_HOT } from '../../rpc-protocol.js';
import { VERSION } from '../../version.js';
import { listKeys } from './bulk-work.js';
import type { MethodContext, MethodsOf, Steps } from './method-context.js';
import { invalidParams, RpcError } from './rpc-error.js';
import { entryJson, replyTooLarge, ttlJson, versionJson } from './stored-value.js';

export const READ_METHODS: MethodsOf<
  | 'get'
  | 'getMany'
  | 'inspect'
  | 'keys'
  | 'hot'
  | 'missRatioCurve'
  | 'history'
  | 'stats'
  | 'ping'
  | 'subscribe'
  | 'unsubscribe'
> = {
  // Reads count, and promote, as memcached's `get` does.
  get: (on, { key, as }) => read(on, encodeKey(key), as === 'base64'),
  getMany: (on, { keys, as }) => readAll(on, keys.map(encodeKey), as === 'base64'),
  // The other methods change neither order nor statistics.
  inspect: ({ items }, { key }) => {
    const { entries } = items;
    const entry = items.peekText(encodeKey(key));
    if (entry === 0) return 'null';
    const facts = {
      bytes: entries.bytesAt(entry),
      flags: entries.flagsAt(entry),
      ageMs: entries.ageMsAt(entry) ?? null,
      idleMs: entries.idleMsAt(entry),
      fetched: entries.fetchedAt(entry),
      valueBytes: entries.valueBytesAt(entry),
    };
    const factsJson = JSON.stringify(facts).slice(1);
    return `{"version":${versionJson(items, entry)},"ttlMs":${ttlJson(items, entry)},${factsJson}`;
  },
  keys: (on, params) => listKeys(on, params),
  hot: (on, { limit = DEFAULT_HOT }) => hot(on, limit),
  missRatioCurve: ({ items }) => JSON.stringify(items.entries.missRatioCurve() ?? null),
  history: ({ context, replyBudget }) => {
    const history = JSON.stringify(context.history?.report() ?? null);
    if (history.length > replyBudget.bytes) throw replyTooLarge();
    replyBudget.bytes -= history.length;
    return history;
  },
  // Infinite limits become null on the way.
  stats: ({ items, context }) =>
    JSON.stringify({
      version: VERSION,
      access: context.settings.access,
      ...overview(items),
      process: context.history?.process,
    }),
  ping: () => '"pong"',
  subscribe: ({ items, subscriptions }, { prefixes = [], keys = [], noEcho = false }) => {
    if (prefixes.length + keys.length === 0)
      throw invalidParams('prefixes or keys is missing: an array of at least one text');
    // Like memcached's `watch`, they show keys that the client need not know.
    if (prefixes.length > 0 && !items.allowWatch)
      throw new RpcError('HOTSET_FORBIDDEN', 'only single keys may be watched on this server');
    return `{"subscription":${subscriptions.add(prefixes, keys, noEcho)}}`;
  },
  unsubscribe: ({ subscriptions }, { subscription }) =>
    `{"result":"${subscriptions.remove(subscription) ? 'unsubscribed' : 'not-found'}"}`,
};

function* readAll(on: MethodContext, keys: readonly string[], asBase64: boolean): Steps {
  const entries: string[] = [];
  for (const key of keys) {
    entries.push(read(on, key, asBase64));
    yield;
  }
  return `[${entries.join(',')}]`;
}

function read(on: MethodContext, key: string, asBase64: boolean): string {
  const wireKey = on.context.request.key;
  wireKey.setText(key);
  const entry = fetch(on, wireKey);
  return entry === 0 ? 'null' : entryJson(on, entry, asBase64);
}

function* hot({ items }: MethodContext, limit: number): Steps {
  if (!items.allowDump) throw new RpcError('HOTSET_FORBIDDEN', 'keys may not be listed on this server');
  return JSON.stringify(yield* items.hotKeys.report(limit));
}
