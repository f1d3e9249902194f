/** Why a request is refused, as sent to the client (docs/websocket.md, "Errors"). */

import { HotsetError } from '../../errors.js';
import { HOTSET_RPC_ERRORS, type HotsetRpcCode, RPC_ERRORS } from '../../rpc-protocol.js';

/** Thrown by a method that refuses; never leaves the handler. No Error: a refusal has no use for a stack. */
export class RpcError {
  readonly code: number;
  readonly message: string;
  /** Null for the standard's errors. */
  readonly hotsetCode: HotsetRpcCode | null;

  constructor(code: number | HotsetRpcCode, message: string) {
    this.code = typeof code === 'number' ? code : HOTSET_RPC_ERRORS[code];
    this.hotsetCode = typeof code === 'number' ? null : code;
    this.message = message;
  }
}

/** The error as sent to the client; null for a fault of the server, which is not disclosed. */
export function refusalOf(error: unknown): RpcError | null {
  if (error instanceof RpcError) return error;
  return error instanceof HotsetError && error.code === 'HOTSET_INVALID_KEY'
    ? new RpcError(error.code, error.message)
    : null;
}

export function invalidParams(message: string): RpcError {
  return new RpcError(RPC_ERRORS.invalidParams, message);
}
