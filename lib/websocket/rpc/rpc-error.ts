/** What a client is told when its request is not carried out: the standard's codes and ours (docs/websocket.md, "Errors"). */

import { HotsetError } from '../../errors.js';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** Ours: the code that stands in `data.code`, and the number that JSON-RPC asks for. */
export const HOTSET_RPC_CODES = {
  HOTSET_TOO_LARGE: -32000,
  HOTSET_NO_ROOM: -32001,
  HOTSET_FORBIDDEN: -32002,
  HOTSET_INVALID_KEY: -32003,
  HOTSET_NOT_A_NUMBER: -32004,
  HOTSET_TOO_MANY: -32005,
  HOTSET_REPLY_TOO_LARGE: -32006,
  HOTSET_NO_VERSIONS: -32007,
} as const;

export type HotsetRpcCode = keyof typeof HOTSET_RPC_CODES;

/** Thrown by a method that refuses; never leaves the conversation. No Error: a refusal has no use for a stack. */
export class RpcError {
  readonly code: number;
  readonly message: string;
  /** Null for the standard's errors. */
  readonly hotsetCode: HotsetRpcCode | null;

  constructor(code: number | HotsetRpcCode, message: string) {
    this.code = typeof code === 'number' ? code : HOTSET_RPC_CODES[code];
    this.hotsetCode = typeof code === 'number' ? null : code;
    this.message = message;
  }
}

/** What the client is told of `error`; null for a fault of the server, which is not the client's business. */
export function refusalOf(error: unknown): RpcError | null {
  if (error instanceof RpcError) return error;
  return error instanceof HotsetError && error.code === 'HOTSET_INVALID_KEY'
    ? new RpcError(error.code, error.message)
    : null;
}

export function invalidParams(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, message);
}
