/** hotset.v1: JSON-RPC 2.0 over a WebSocket's text frames (docs/websocket.md). */

import type { Conversation, Outlet } from '../conversation.js';
import type { RpcContext } from './rpc-context.js';
import { RpcConversation } from './rpc-conversation.js';

export { type RpcAccess, RpcContext, type RpcSettings } from './rpc-context.js';

/** The server's side of one connection, for as long as it is open. */
export function createRpcConversation(outlet: Outlet, context: RpcContext): Conversation {
  return new RpcConversation(outlet, context);
}
