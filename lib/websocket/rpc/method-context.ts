/** What methods of hotset.v1 work with, and what they return. */

import type { CommandContext } from '../../memcached/item-store.js';
import type { MethodName, Params } from '../../rpc-protocol.js';
import type { RpcContext } from './rpc-context.js';
import type { ReplyBudget } from './stored-value.js';
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
