/** docs/websocket.md against lib/rpc-protocol.ts: methods, params, errors, causes and close codes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_TAGS as ENGINE_MAX_TAGS, MAX_TAG_CHARACTERS } from '../../../lib/engine/tags.js';
import {
  CLOSE_CODES,
  HOTSET_RPC_ERRORS,
  MAX_HOT,
  MAX_ID_LENGTH,
  MAX_JSON_DEPTH,
  MAX_JSON_NODES,
  MAX_KEYS,
  MAX_SCANNED,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  METHODS,
  type MethodName,
  type Notifications,
  RPC_ERRORS,
} from '../../../lib/rpc-protocol.js';

const DOC = readFileSync(join(import.meta.dirname, '../../../docs/websocket.md'), 'utf8');

/** The rows of the table that has this first line, as cells. */
function table(header: string): string[][] {
  const [, rows] = DOC.split(`\n| ${header} |\n`);
  expect(rows, `docs/websocket.md has no table ${header}`).toBeDefined();
  const lines = rows!.split('\n').slice(1);
  return lines.slice(0, lines.indexOf('')).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** A name without its quotes; `–` for none. */
const named = (cell: string): string | null => (cell === '–' ? null : cell.replaceAll('`', ''));

describe('docs/websocket.md', () => {
  it('has the methods, and what they take', () => {
    const documented = table('method | params | result').map(([name, params]) => [named(name!), params]);
    const actual = (Object.keys(METHODS) as MethodName[]).map((name) => {
      const params = Object.entries(METHODS[name].params as object);
      const texts = params.map(([param, { isRequired }]) => `\`${param}\`${isRequired ? '' : '?'}`);
      return [name, texts.join(', ') || '–'];
    });
    expect(documented).toEqual(actual);
  });

  it('has the errors', () => {
    const documented = table('code | `data.code` | when').map(([code, name]) => [Number(code), named(name!)]);
    expect(documented).toEqual([
      ...Object.values(RPC_ERRORS).map((code) => [code, null]),
      ...Object.entries(HOTSET_RPC_ERRORS).map(([name, code]) => [code, name]),
    ]);
  });

  it('has the close codes', () => {
    const documented = table('close code | when').map(([code]) => Number(code));
    expect(documented).toEqual(Object.values(CLOSE_CODES));
  });

  it('has the causes of invalidations', () => {
    const causes: Record<Notifications['invalidated']['cause'], true> = {
      stored: true,
      touched: true,
      deleted: true,
      evicted: true,
      expired: true,
    };
    expect(table('cause | what has happened | version').map(([cause]) => named(cause!))).toEqual(
      Object.keys(causes),
    );
  });

  it('has the limits', () => {
    const limits = table('limit | value | error').map(([, value]) => value);
    for (const limit of [MAX_JSON_DEPTH, MAX_JSON_NODES, MAX_ID_LENGTH])
      expect(limits.some((value) => value!.startsWith(limit.toLocaleString('en')))).toBe(true);
    for (const limit of [MAX_HOT, MAX_KEYS.toLocaleString('en'), MAX_TAGS])
      expect(DOC).toContain(`at most ${limit}`);
    expect(DOC).toContain(`1 to ${MAX_TAG_LENGTH} characters`);
    expect(DOC).toContain(`${MAX_SCANNED.toLocaleString('en')} entries`);
  });

  it('has the limits of tags that the engine has', () => {
    expect([MAX_TAGS, MAX_TAG_LENGTH]).toEqual([ENGINE_MAX_TAGS, MAX_TAG_CHARACTERS]);
  });
});
