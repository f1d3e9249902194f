/** Runs the method that a request names, after the checks in `METHODS` of rpc-protocol.ts. */

import { shown } from '../../errors.js';
import {
  ALLOWED_NEEDS,
  MAX_JSON_DEPTH,
  METHODS,
  type MethodName,
  type ParamTable,
  RPC_ERRORS,
} from '../../rpc-protocol.js';
import type { RawParams } from './json-rpc.js';
import type { RawJson } from './json-scanner.js';
import { LEASE_METHODS } from './lease-methods.js';
import type { MethodContext, MethodsOf, Result } from './method-context.js';
import { READ_METHODS } from './methods.js';
import { invalidParams, RpcError } from './rpc-error.js';
import { replyTooLarge } from './stored-value.js';
import { WRITE_METHODS } from './write-methods.js';

const RUN: MethodsOf<MethodName> = { ...READ_METHODS, ...WRITE_METHODS, ...LEASE_METHODS };

/** Checks the method's name, the endpoint's access and the params, in this order, and runs it. Throws an `RpcError`. */
export function runMethod(on: MethodContext, name: string, rawParams: RawParams): Result {
  if (!isMethod(name)) throw new RpcError(RPC_ERRORS.methodNotFound, 'there is no such method');
  const { needs, params: table } = METHODS[name];
  const { access, maxBatch } = on.context.settings;
  if (!ALLOWED_NEEDS[access].includes(needs))
    throw new RpcError('HOTSET_FORBIDDEN', `${name} is forbidden where access is ${access}`);
  const params = readParams(name, table, rawParams, maxBatch);
  if (needs !== 'changes' && on.replyBudget.bytes <= 0) throw replyTooLarge();
  on.items.applyDueFlush();
  // The params have been checked against the method's own table.
  return (RUN[name] as (on: MethodContext, params: object) => Result)(on, params);
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** Params as the table has them. Throws an `RpcError` that names the first that is not, and what it takes. */
function readParams(method: string, table: ParamTable, raw: RawParams, maxBatch: number): object {
  for (const name of raw.keys())
    if (!Object.hasOwn(table, name))
      throw invalidParams(`${method} has no ${shown(name)}; ${shownTable(table)}`);
  const params: Record<string, unknown> = {};
  for (const name in table) {
    const { isRequired, isJson, accepts, expected } = table[name]!;
    const param = raw.get(name);
    if (param === undefined) {
      if (isRequired) throw invalidParams(`${name} is missing: ${expected}`);
      continue;
    }
    const value = isJson === true ? jsonText(name, param) : parsed(name, param, maxBatch);
    if (!accepts(value)) throw invalidParams(`${name} takes ${expected}; got ${shown(value)}`);
    params[name] = value;
  }
  return params;
}

/** The JSON as it came, no deeper than later readers' stacks allow. */
function jsonText(name: string, { json, depth }: RawJson): string {
  if (depth > MAX_JSON_DEPTH) throw invalidParams(`${name} takes JSON of up to ${MAX_JSON_DEPTH} levels`);
  return json;
}

/** What the JSON says, which is made only when it is short enough: arrays of keys are what is longest. */
function parsed(name: string, { json, nodes }: RawJson, maxBatch: number): unknown {
  // One is the array itself.
  if (nodes > maxBatch + 1) throw new RpcError('HOTSET_TOO_MANY', `${name} takes up to ${maxBatch} elements`);
  return JSON.parse(json);
}

function shownTable(table: ParamTable): string {
  const names = Object.keys(table);
  return names.length === 0 ? 'it takes nothing' : `it takes ${names.join(', ')}`;
}
