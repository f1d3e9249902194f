/**
 * JSON-RPC 2.0 as text: frames into requests, results and errors into responses. Knows nothing of methods.
 *
 * Results are handed over as JSON text already: a value that is stored as JSON goes out as it is stored, number
 * for number, and nothing is built twice.
 */

import { isUtf8 } from 'node:buffer';
import { INVALID_REQUEST, PARSE_ERROR, RpcError } from './rpc-error.js';

/** Names a request in its response. */
export type RequestId = string | number | null;

export interface RpcRequest {
  /** `undefined` for a notification, which gets no reply, whatever comes of it. */
  readonly id: RequestId | undefined;
  readonly method: string;
  /** What came, by name and unchecked; undefined when there was nothing. */
  readonly params: object | undefined;
}

/** What a frame asks for: each of `entries` is to be read with `readRequest`. */
export interface RpcMessage {
  readonly isBatch: boolean;
  readonly entries: readonly unknown[];
}

/** What is in a frame. Throws an `RpcError`: no JSON, or an empty batch. */
export function readMessage(frame: Buffer): RpcMessage {
  const json = parse(frame);
  if (!Array.isArray(json)) return { isBatch: false, entries: [json] };
  if (json.length === 0) throw new RpcError(INVALID_REQUEST, 'a batch takes at least one request');
  return { isBatch: true, entries: json };
}

function parse(frame: Buffer): unknown {
  if (!isUtf8(frame)) throw new RpcError(PARSE_ERROR, 'the frame is not UTF-8');
  try {
    return JSON.parse(frame.toString('utf8'));
  } catch {
    throw new RpcError(PARSE_ERROR, 'the frame is not JSON');
  }
}

/** The id that a response to `entry` goes to, were it a request or not. */
export function idOf(entry: unknown): RequestId {
  if (!isObject(entry) || !Object.hasOwn(entry, 'id')) return null;
  const { id } = entry as { id: unknown };
  return isRequestId(id) ? id : null;
}

/** One request, or one of a batch. Throws an `RpcError` for what is none. */
export function readRequest(entry: unknown): RpcRequest {
  if (!isObject(entry)) throw invalid('a request is an object');
  const { jsonrpc, id, method, params } = entry as Record<string, unknown>;
  if (jsonrpc !== '2.0') throw invalid('jsonrpc takes "2.0"');
  if (id !== undefined && !isRequestId(id)) throw invalid('id takes a text, a finite number or null');
  if (typeof method !== 'string') throw invalid('method takes a text');
  if (params !== undefined && !isObject(params)) throw invalid('params go by name, in an object');
  return { id, method, params };
}

export function resultResponse(id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}

export function errorResponse(id: RequestId, { code, message, hotsetCode }: RpcError): string {
  const error = hotsetCode === null ? { code, message } : { code, message, data: { code: hotsetCode } };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

/** A notification of the server's; `params` is JSON text. */
export function notification(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}

/** Several responses, or several notifications, in one frame. */
export function batch(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON can write numbers that JavaScript reads as infinite. */
function isRequestId(id: unknown): id is RequestId {
  return id === null || typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id));
}

function invalid(message: string): RpcError {
  return new RpcError(INVALID_REQUEST, message);
}
