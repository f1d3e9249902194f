/**
 * docs/memcached.md lists every difference from memcached 1.6.45. Its list is written from the wire tables, from
 * other-differences.ts and from the fuzzer's known differences: HOTSET_WRITE_DOCS=1 runs this spec to write it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_DIFFERENCES } from '../differential/known-differences.js';
import { PROJECT_DIR } from '../support/project.js';
import { OTHER_DIFFERENCES } from './other-differences.js';
import { TABLES } from './tables/index.js';
import { asAnsweredByReference, expected, type Row } from './wire-table.js';

const PAGE = join(PROJECT_DIR, 'docs/memcached.md');
const BEGIN = '<!-- differences: written by spec/conformance/differences-page.spec.ts -->';
const END = '<!-- end of differences -->';

const ROWS: readonly Row[] = TABLES.flatMap(({ rows }) => rows).filter(
  ({ deviates }) => deviates !== undefined,
);

function section(): string {
  const lines = [
    ...ROWS.map(({ title, ...row }) => {
      const { reason, shown } = row.deviates!;
      const whole: Row = { title, ...row };
      const sent = shown?.sent ?? code(row.turns.map((turn) => (turn.length === 1 ? '' : turn[0])).join(''));
      const memcached = shown?.memcached ?? code(expected(asAnsweredByReference(whole)));
      return tableLine([`${title}: ${sent}`, memcached, shown?.hotset ?? code(expected(whole)), reason]);
    }),
    ...OTHER_DIFFERENCES.map(({ sent, memcached, hotset, reason }) =>
      tableLine([sent, memcached, hotset, reason]),
    ),
  ];
  return [
    BEGIN,
    '',
    tableLine(['sent', 'memcached 1.6.45', 'hotset', 'why']),
    '|---|---|---|---|',
    ...lines,
    '',
    END,
  ].join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Bytes as code; a byte that is repeated for long as its number. CRLF at the end goes without saying. */
function code(bytes: string): string {
  const text = bytes
    .replace(/\r\n$/, '')
    .replace(/(.)\1{30,}/g, (run, character: string) => `${character}{${run.length}}`)
    .replaceAll('\\', '\\\\')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('|', '\\|');
  return `\`${text}\``;
}

describe('docs/memcached.md', () => {
  it('lists the differences that the wire tables and the fuzzer hold', () => {
    const page = readFileSync(PAGE, 'utf8');
    const start = page.indexOf(BEGIN);
    const end = page.indexOf(END) + END.length;
    expect(start, `${BEGIN} is missing`).toBeGreaterThan(0);
    const written = page.slice(0, start) + section() + page.slice(end);
    if (process.env.HOTSET_WRITE_DOCS === '1') writeFileSync(PAGE, written);
    else
      expect(page, 'HOTSET_WRITE_DOCS=1 npx vitest run spec/conformance/differences-page writes it').toBe(
        written,
      );
  });

  it('lists what the fuzzer knows of 1.6.45', () => {
    const listed = new Set([...ROWS.map(({ title }) => title), ...OTHER_DIFFERENCES.map(({ sent }) => sent)]);
    for (const { name, only1618, listedAs } of KNOWN_DIFFERENCES) {
      if (only1618 === true) continue;
      expect(listedAs === 'no difference' || listed.has(listedAs ?? ''), name).toBe(true);
    }
  });
});
