/** The programs that first users type, each in a file of its own in programs/. */

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PYTHON, phpTool, pymemcacheTool } from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { outputOf } from '../support/run-command.js';

let server: RunningServer;
beforeAll(async () => {
  server = await startHotset(['--debug-clock']);
});
afterAll(() => server?.stop());

function program(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

describe('programs in JavaScript', () => {
  it('squares: the share of hits grows from run to run, from a fifth to nearly all', async () => {
    const output = await outputOf(process.execPath, [program('squares.mjs'), String(server.port)]);
    const shares = Array.from(
      output.matchAll(/^run \d+: ([\d.]+) % hits/gm),
      ([, percent]) => Number(percent) / 100,
    );
    expect(shares).toHaveLength(10);
    expect(shares[0]).toBeGreaterThan(0.1);
    expect(shares[0]).toBeLessThan(0.3);
    expect(shares[9]).toBeGreaterThan(0.95);
    // Which numbers are asked for is chance, but it does not take back five hundredths.
    for (let run = 1; run < 10; run++) expect(shares[run]).toBeGreaterThan(shares[run - 1]! - 0.05);
  });
});

const pymemcache = pymemcacheTool();

describe.skipIf(pymemcache.missing)(`programs in Python${pymemcache.hint}`, () => {
  const run = (name: string): Promise<string> => outputOf(PYTHON, [program(name), String(server.port)]);

  it('basics: values that expire, several at once, a counter', async () => {
    expect(await run('basics.py')).toBe(
      [
        "get: b'hello'",
        "get_multi: {'user:1': b'Ada', 'user:2': b'Grace'}",
        'after delete: None',
        "visits: b'3'",
        '',
      ].join('\n'),
    );
  });

  it('json_serde: a serializer that distinguishes text and JSON by flags', async () => {
    expect(await run('json_serde.py')).toBe(
      [
        'grüße',
        "{'a': 'b', 'c': ['d', 1.5, None]}",
        "{'text': 'grüße', 'object': {'a': 'b', 'c': ['d', 1.5, None]}}",
        '',
      ].join('\n'),
    );
  });

  it('rate_limiter: a window of a minute that ends by itself', async () => {
    expect(await run('rate_limiter.py')).toBe(
      ['first minute: yes yes yes yes yes no no', 'another client: yes', 'a minute later: yes yes', ''].join(
        '\n',
      ),
    );
  });

  it('warming: ten thousand entries in bulk, all of them hits', async () => {
    const fresh = await startHotset();
    try {
      expect(await outputOf(PYTHON, [program('warming.py'), String(fresh.port)])).toBe(
        '10000 of 10000 are warm\nget_hits 10000, get_misses 0, curr_items 10000\n',
      );
    } finally {
      await fresh.stop();
    }
  });
});

const php = phpTool();

describe.skipIf(php.missing)(`programs in PHP${php.hint}`, () => {
  const visit = (binary: string, line: string): Promise<string> => {
    const settings = [
      'session.save_handler=memcached',
      `memcached.sess_binary_protocol=${binary}`,
      `session.save_path=127.0.0.1:${server.port}`,
    ];
    const id = `a1b2c3d4e5f6a1b2c3d4e5f6a${binary}`;
    return outputOf('php', [
      ...settings.flatMap((setting) => ['-d', setting]),
      program('session.php'),
      id,
      line,
    ]);
  };

  it.each([
    ['text', '0'],
    ['binary', '1'],
  ])('session: one process reads what another one stored, over the %s protocol', async (_, binary) => {
    expect(await visit(binary, 'first')).toBe('["first"]\n');
    expect(await visit(binary, 'second')).toBe('["first","second"]\n');
  });
});
