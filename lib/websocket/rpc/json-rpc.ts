/**
 * JSON-RPC 2.0 as text: frames into requests, results and errors into responses. Knows nothing of methods.
 *
 * Everything stays JSON text until its value is needed: ids and values go back, and into the cache, as they came, digit
 * for digit, and a refused request costs no more than scanning it.
 */

import { isUtf8 } from 'node:buffer';
import { MAX_ID_LENGTH, type Notifications, RPC_ERRORS } from '../../rpc-protocol.js';
import { JsonScanner, type RawJson, textOfJson } from './json-scanner.js';
import { RpcError } from './rpc-error.js';

/** Params by name. */
export type RawParams = ReadonlyMap<string, RawJson>;

export interface RpcRequest {
  /** As JSON, as it came. `undefined` for a notification, which gets no reply, whatever comes of it. */
  readonly id: string | undefined;
  readonly method: string;
  readonly params: RawParams;
}

/** What stands where a request should be: the JSON of its members. Null for anything but an object. */
export type RawRequest = {
  jsonrpc?: string;
  id?: string;
  method?: string;
  /** Null for params that are no object. */
  params?: RawParams | null;
} | null;

/** What is in a frame: each of `requests` is to be read with `readRequest`. */
export interface RpcMessage {
  readonly isBatch: boolean;
  readonly requests: RawRequest[];
}

/** More than any method has: with more, one of them is unknown. */
const MAX_PARAMS = 16;
const NO_PARAMS: RawParams = new Map();

/** What is in a frame. Throws an `RpcError`: no JSON, an empty batch, or one of more than `maxBatch` requests. */
export function readMessage(frame: Buffer, maxBatch: number): RpcMessage {
  if (!isUtf8(frame)) throw new RpcError(RPC_ERRORS.parseError, 'the frame is not UTF-8');
  const scanner = new JsonScanner(frame.toString('utf8'));
  const isBatch = scanner.isAtArray;
  const requests: RawRequest[] = [];
  if (!isBatch) requests.push(readRaw(scanner));
  else
    scanner.elements(() => {
      if (requests.length === maxBatch)
        throw new RpcError('HOTSET_TOO_MANY', `a batch takes up to ${maxBatch} requests`);
      requests.push(readRaw(scanner));
    });
  scanner.end();
  if (requests.length === 0)
    throw new RpcError(RPC_ERRORS.invalidRequest, 'a batch takes at least one request');
  return { isBatch, requests };
}

function readRaw(scanner: JsonScanner): RawRequest {
  if (!scanner.isAtObject) {
    scanner.value();
    return null;
  }
  const request: NonNullable<RawRequest> = {};
  scanner.members((name) => {
    if (name === 'params') request.params = readParams(scanner);
    else {
      const { json } = scanner.value();
      if (name === 'jsonrpc' || name === 'id' || name === 'method') request[name] = json;
    }
  });
  return request;
}

function readParams(scanner: JsonScanner): RawParams | null {
  if (!scanner.isAtObject) {
    scanner.value();
    return null;
  }
  const params = new Map<string, RawJson>();
  scanner.members((name) => {
    const value = scanner.value();
    if (params.size < MAX_PARAMS || params.has(name)) params.set(name, value);
  });
  return params;
}

/** The id, as JSON, that a response goes to, were it to a request or not. */
export function idOf(request: RawRequest): string {
  return request?.id !== undefined && isRequestId(request.id) ? request.id : 'null';
}

/** One request, or one of a batch. Throws an `RpcError` for what is none. */
export function readRequest(request: RawRequest): RpcRequest {
  if (request === null) throw invalid('a request is an object');
  const { jsonrpc, id, method, params = NO_PARAMS } = request;
  if (!isString(jsonrpc) || textOfJson(jsonrpc) !== '2.0') throw invalid('jsonrpc takes "2.0"');
  if (id !== undefined && !isRequestId(id))
    throw invalid(
      id.length > MAX_ID_LENGTH
        ? `id takes up to ${MAX_ID_LENGTH} characters of JSON`
        : 'id takes a text, a finite number or null',
    );
  if (!isString(method)) throw invalid('method takes a text');
  if (params === null) throw invalid('params go by name, in an object');
  return { id, method: textOfJson(method), params };
}

/** `id` and `result` are JSON text. */
export function resultResponse(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

/** `id` is JSON text. */
export function errorResponse(id: string, { code, message, hotsetCode }: RpcError): string {
  const error = hotsetCode === null ? { code, message } : { code, message, data: { code: hotsetCode } };
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`;
}

export function notification<Name extends keyof Notifications>(
  method: Name,
  params: Notifications[Name],
): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

/** Several responses, or several notifications, in one frame. */
export function batch(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

function isString(json: string | undefined): json is string {
  return json?.startsWith('"') === true;
}

/** JSON can write numbers that JavaScript reads as infinite. */
function isRequestId(json: string): boolean {
  if (json.length > MAX_ID_LENGTH) return false;
  return json === 'null' || isString(json) || Number.isFinite(Number(json));
}

function invalid(message: string): RpcError {
  return new RpcError(RPC_ERRORS.invalidRequest, message);
}
