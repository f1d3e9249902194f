/** hotset.v1: JSON-RPC 2.0 over a WebSocket's text frames (docs/websocket.md). */

import type { FrameSink, SubprotocolHandler } from '../subprotocol.js';
import type { RpcContext } from './rpc-context.js';
import { RpcHandler } from './rpc-handler.js';

export { type RpcAccess, RpcContext, type RpcSettings } from './rpc-context.js';

/** The server's side of one connection, for as long as it is open. */
export function createRpcHandler(outlet: FrameSink, context: RpcContext): SubprotocolHandler {
  return new RpcHandler(outlet, context);
}
