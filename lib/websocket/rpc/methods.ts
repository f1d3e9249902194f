/** What each method of hotset.v1 does that changes no entry. `METHODS` of rpc-protocol.ts says what they take. */

import { encodeKey } from '../../items/key-encoding.js';
import { fetch } from '../../memcached/commands/retrieval.js';
import type { CommandContext } from '../../memcached/item-store.js';
import { overview } from '../../memcached/overview.js';
import { DEFAULT_HOT, type MethodName, type Params } from '../../rpc-protocol.js';
import { VERSION } from '../../version.js';
import type { RpcContext } from './rpc-context.js';
import { invalidParams, RpcError } from './rpc-error.js';
import { entryJson, type ReplyBudget, ttlJson, versionJson } from './stored-value.js';
import type { ClientSubscriptions } from './subscriptions/client-subscriptions.js';

/** A result, as JSON text: at once, or in steps between which others may have their turn. */
export type Result = string | Steps;
export type Steps = Generator<void, string, undefined>;

/** What a method works with. */
export interface MethodContext extends CommandContext {
  readonly context: RpcContext;
  readonly replyBudget: ReplyBudget;
  readonly subscriptions: ClientSubscriptions;
}

/** Methods by name. They throw an `RpcError` to refuse. */
export type MethodsOf<Names extends MethodName> = {
  readonly [Name in Names]: (on: MethodContext, params: Params[Name]) => Result;
};

export const READ_METHODS: MethodsOf<
  'get' | 'getMany' | 'inspect' | 'hot' | 'stats' | 'ping' | 'subscribe' | 'unsubscribe'
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
  hot: (on, { limit = DEFAULT_HOT }) => hot(on, limit),
  // Infinite limits become null on the way.
  stats: ({ items, context }) =>
    JSON.stringify({ version: VERSION, access: context.settings.access, ...overview(items) }),
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

function* hot({ items, context }: MethodContext, limit: number): Steps {
  if (!items.allowDump) throw new RpcError('HOTSET_FORBIDDEN', 'keys may not be listed on this server');
  return JSON.stringify(yield* context.hotKeys.report(limit));
}
