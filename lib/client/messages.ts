/**
 * JSON-RPC 2.0 as the client speaks it: requests as text, and what a frame of the server's holds. What is not
 * as the protocol has it throws `HOTSET_PROTOCOL`.
 */

import { ERROR_CODES, type ErrorCode, HotsetError, invalidArgument, shown } from '../errors.js';
import { METHODS, type MethodName, type Params, type ParamTable, RPC_ERRORS } from '../rpc-protocol.js';

/** A reply: a result, or the error that the caller gets. */
export interface Reply {
  readonly id: number;
  readonly result: unknown;
  readonly error: HotsetError | null;
}

export interface Notification {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Params that a caller gives; the server checks whether any is missing. */
export type SentParams<Name extends MethodName> = {
  readonly [P in keyof Params[Name]]?: Params[Name][P] | undefined;
};

/** Params as JSON; those that are undefined are left out. Throws `HOTSET_INVALID_ARGUMENT` for one that the method does not take. */
export function paramsJson<Name extends MethodName>(name: Name, params: SentParams<Name>): string {
  const table: ParamTable = METHODS[name].params;
  for (const [param, value] of Object.entries(params)) {
    const { accepts, expected } = table[param]!;
    if (value !== undefined && !accepts(value)) throw invalidArgument(param, expected, value);
  }
  return JSON.stringify(params);
}

/** `params` is JSON, of an object. */
export function requestText(id: number, method: MethodName, params: string | undefined): string {
  return params === undefined
    ? `{"jsonrpc":"2.0","id":${id},"method":"${method}"}`
    : `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
}

/** What a frame holds, in its order. */
export function messagesOf(frame: unknown): (Reply | Notification)[] {
  if (typeof frame !== 'string') throw broken('a frame that is no text');
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch {
    throw broken('a frame that is not JSON');
  }
  return Array.isArray(json) ? json.map(messageOf) : [messageOf(json)];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An error that says what the server should not have sent. */
export function broken(what: string): HotsetError {
  return new HotsetError('HOTSET_PROTOCOL', `the server sent ${what}`);
}

function messageOf(json: unknown): Reply | Notification {
  if (!isObject(json)) throw broken('a message that is no object');
  const { method, params, id, result, error } = json;
  if (typeof method === 'string') return { method, params: isObject(params) ? params : {} };
  if (error === undefined && result === undefined) throw broken('a reply without result and error');
  if (typeof id === 'number') return { id, result, error: error === undefined ? null : errorOf(error) };
  // The server could not read the request's id, so the request that it answers is unknown.
  throw error === undefined ? broken(`a reply to ${shown(id)}`) : errorOf(error);
}

function errorOf(error: unknown): HotsetError {
  if (!isObject(error) || typeof error.message !== 'string') return broken('an error without a message');
  const code = isObject(error.data) ? error.data.code : undefined;
  if (isErrorCode(code)) return new HotsetError(code, error.message);
  return new HotsetError(
    error.code === RPC_ERRORS.invalidParams ? 'HOTSET_INVALID_ARGUMENT' : 'HOTSET_PROTOCOL',
    error.message,
  );
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
