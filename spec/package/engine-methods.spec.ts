/** The table of methods in the engine's guide has what the engine has: all of it, and no more. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { PROJECT_DIR } from '../support/project.js';

/** Names in backticks in the first column of the table under "## Methods", with what they are called with. */
function documented(): string[] {
  const guide = readFileSync(`${PROJECT_DIR}docs/engine.md`, 'utf8');
  const [, section = ''] = guide.split('\n## Methods\n');
  const rows = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

/** What Keyv reads and sets of a store, which an engine is not: they throw. */
const REFUSED_TO_KEYV = ['capabilities', 'namespace'];

describe('the table of methods', () => {
  const calls = documented();
  const names = calls.filter((call) => !call.startsWith('for ')).map((call) => call.replace(/\(.*/, ''));

  it('has every public method and property, once, and nothing else', () => {
    const properties = Object.getOwnPropertyNames(CacheEngine.prototype).filter(
      (name) => !['constructor', ...REFUSED_TO_KEYV].includes(name),
    );
    expect(names.toSorted()).toEqual(properties.toSorted());
  });

  it('writes methods with brackets, and properties without', () => {
    for (const call of calls.filter((each) => !each.startsWith('for '))) {
      const property = Object.getOwnPropertyDescriptor(CacheEngine.prototype, call.replace(/\(.*/, ''))!;
      expect([call, property.get === undefined]).toEqual([call, call.includes('(')]);
    }
  });

  it('says that an engine can be iterated, which is all that it has beside names', () => {
    expect(calls.some((call) => call.startsWith('for (const [key, value] of engine)'))).toBe(true);
    const symbols = Object.getOwnPropertySymbols(CacheEngine.prototype).map(String).toSorted();
    expect(symbols).toEqual(['Symbol(Symbol.iterator)', 'Symbol(nodejs.util.inspect.custom)']);
    expect(Object.keys(new CacheEngine())).toEqual([]);
  });
});

it('what JSON shows of an engine is its limits and what it holds, and no keys or values', () => {
  const engine = new CacheEngine<string, string>({ maxBytes: 10_000, maxEntries: 5 });
  engine.set('secret key', 'secret value');
  const shown = JSON.parse(JSON.stringify({ engine }));
  const { bytes } = engine;
  expect(shown).toEqual({ engine: { size: 1, bytes, maxBytes: 10_000, maxEntries: 5 } });
});
