/** What a method of hotset.v1 is, and the params that several have in common. */

import type { CommandContext } from '../../../memcached/item-store.js';
import { optional, type Param, type ParamsOf, type ParamTable, required } from '../params.js';
import type { RpcContext } from '../rpc-context.js';
import type { ReplyRoom } from '../stored-value.js';
import type { ClientSubscriptions } from '../subscriptions/client-subscriptions.js';

/** What a client must be allowed to do: see the option `access`. */
export type Need = 'metadata' | 'values' | 'changes';

/** A result, as JSON text: at once, or in steps between which others may have their turn. */
export type Result = string | Steps;
export type Steps = Generator<void, string, undefined>;

/** What a method works with. */
export interface Call extends CommandContext {
  readonly context: RpcContext;
  readonly room: ReplyRoom;
  readonly subscriptions: ClientSubscriptions;
}

export interface Method {
  readonly needs: Need;
  readonly params: ParamTable;
  /** Throws an `RpcError` to refuse. */
  run(call: Call, params: ParamsOf<ParamTable>): Result;
}

export function method<Table extends ParamTable>(
  needs: Need,
  params: Table,
  run: (call: Call, params: ParamsOf<Table>) => Result,
): Method {
  // What `run` is given has been checked against `params`.
  return { needs, params, run: run as Method['run'] };
}

export const KEY: Param<string> = required('a text', isText);
export const AS: Param<'base64' | undefined> = optional('"base64"', (value) => value === 'base64');

/** Milliseconds, or null for never. */
export type TtlMs = number | null;

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isTtlMs(value: unknown): value is TtlMs {
  return value === null || (typeof value === 'number' && value >= 0 && Number.isFinite(value));
}
