/**
 * Channels of `node:diagnostics_channel` report the engine's events in this process. Without subscribers a channel
 * costs one check of a property. A subscriber runs in the middle of the engine's work: it may read its message and
 * must not call the engine.
 */

import type { RemovalCause, StoreResult } from './types.js';

/** On `hotset:lookup`, for each `get`. */
export interface LookupMessage {
  /** The `CacheEngine`. */
  readonly engine: object;
  /** The key. */
  readonly key: unknown;
  /** What the lookup found. */
  readonly result: 'hit' | 'absent' | 'expired';
}

/** On `hotset:store`, for each write that reached the point of storing. */
export interface StoreMessage {
  /** The `CacheEngine`. */
  readonly engine: object;
  /** The key. */
  readonly key: unknown;
  /** What became of the write. */
  readonly result: StoreResult;
}

/** On `hotset:removal`, for each entry that leaves. */
export interface RemovalMessage {
  /** The `CacheEngine`. */
  readonly engine: object;
  /** The entry's number in the engine, valid during the call. */
  readonly entry: number;
  /** The key. */
  readonly key: unknown;
  /** The value. */
  readonly value: unknown;
  /** Why the entry left. */
  readonly cause: RemovalCause;
}

interface Channel<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

interface Runtime {
  getBuiltinModule?(name: string): { channel<Message>(name: string): Channel<Message> } | undefined;
}

// Not imported: the core also runs where there is no Node.
const channels = (globalThis as { process?: Runtime }).process?.getBuiltinModule?.(
  'node:diagnostics_channel',
);

function channel<Message>(name: string): Channel<Message> {
  return channels?.channel(name) ?? { hasSubscribers: false, publish() {} };
}

export const LOOKUP_CHANNEL: Channel<LookupMessage> = channel('hotset:lookup');
export const STORE_CHANNEL: Channel<StoreMessage> = channel('hotset:store');
export const REMOVAL_CHANNEL: Channel<RemovalMessage> = channel('hotset:removal');
