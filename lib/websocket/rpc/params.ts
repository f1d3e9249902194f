/** Params by name, checked against a method's table before the method sees them. */

import { shown } from '../../errors.js';
import { invalidParams } from './rpc-error.js';

export interface Param<T> {
  /** What it takes, as the error says it. */
  readonly takes: string;
  readonly isRequired: boolean;
  readonly accepts: (value: unknown) => boolean;
  /** For the compiler alone. */
  readonly type?: T;
}

export type ParamTable = Readonly<Record<string, Param<unknown>>>;

/** What a method with this table is given: absent params are undefined. */
export type ParamsOf<Table extends ParamTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Param<infer T> ? T : never;
};

export function required<T>(takes: string, accepts: (value: unknown) => value is T): Param<T> {
  return { takes, isRequired: true, accepts };
}

export function optional<T>(takes: string, accepts: (value: unknown) => value is T): Param<T | undefined> {
  return { takes, isRequired: false, accepts };
}

/** `params`, found to be what the table says. Throws an `RpcError` that names the first that is not, and what it takes. */
export function checkParams<Table extends ParamTable>(
  method: string,
  table: Table,
  params: object = {},
): ParamsOf<Table> {
  for (const name of Object.keys(params))
    if (!Object.hasOwn(table, name))
      throw invalidParams(`${method} has no ${shown(name)}; ${shownTable(table)}`);
  for (const name in table) {
    const param = table[name]!;
    const value = Object.hasOwn(params, name) ? (params as Record<string, unknown>)[name] : undefined;
    if (value === undefined) {
      if (param.isRequired) throw invalidParams(`${name} is missing: ${param.takes}`);
    } else if (!param.accepts(value))
      throw invalidParams(`${name} takes ${param.takes}; got ${shown(value)}`);
  }
  return params as ParamsOf<Table>;
}

function shownTable(table: ParamTable): string {
  const names = Object.keys(table);
  return names.length === 0 ? 'it takes nothing' : `it takes ${names.join(', ')}`;
}
