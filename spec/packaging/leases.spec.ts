/** The programs of docs/fleet.md: of several that want one key at the same time, one loads, from hotset and from memcached. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { talk } from '../cli/command.js';
import { goTool, memcachedTool, PYTHON, phpTool, pythonTool } from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { startMemcached } from '../support/memcached-process.js';
import { PROJECT_DIR } from '../support/project.js';
import { outputOf } from '../support/run-command.js';

const PAGE = readFileSync(join(PROJECT_DIR, 'docs/fleet.md'), 'utf8').split('\n## Leases\n')[1]!;
const CALLERS = 3;

const folder = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
let servers: RunningServer[] = [];

beforeAll(async () => {
  const memcached = memcachedTool().missing ? [] : [startMemcached()];
  servers = await Promise.all([startHotset(), ...memcached]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all(servers.map((server) => server.stop()));
});

/** Writes the program in a language to a file of this name. */
function program(language: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(PAGE)![1]!);
  return path;
}

/** What all callers print, in any order. */
async function callAll(command: string, args: readonly string[], port: number): Promise<string[]> {
  const calls = Array.from({ length: CALLERS }, () =>
    outputOf(command, [...args, '127.0.0.1', String(port)]),
  );
  return (await Promise.all(calls)).flatMap((output) => output.trim().split('\n')).sort();
}

async function expectOneLoad(command: string, args: readonly string[], report: string): Promise<void> {
  for (const { port } of servers) {
    await talk(port, 'delete report\r\nquit\r\n');
    const once = ['loading', ...Array.from({ length: CALLERS }, () => report)];
    expect(await callAll(command, args, port)).toEqual(once);
    // There it is.
    expect(await callAll(command, args, port)).toEqual(once.slice(1));
    // Stale: one loads anew, and the others have the old value.
    expect(await talk(port, 'md report I T30\r\nquit\r\n')).toBe('HD\r\n');
    expect(await callAll(command, args, port)).toEqual(once);
    expect(await talk(port, 'mg report t v\r\nquit\r\n')).toMatch(/^VA 10 t(300|29\d)\r\nthe report\r\n$/);
  }
}

const python = pythonTool();
const php = phpTool();
const go = goTool();

describe('one of several loads', () => {
  it.skipIf(python.missing)(`in Python${python.hint}`, async () => {
    await expectOneLoad(PYTHON, [program('python', 'lease.py')], 'the report');
  });

  it.skipIf(php.missing)(`in PHP${php.hint}`, async () => {
    await expectOneLoad('php', [program('php', 'lease.php')], 'the report');
  });

  it.skipIf(go.missing)(`in Go${go.hint}`, async () => {
    const binary = join(folder, 'lease');
    await outputOf('env', [
      'GO111MODULE=off',
      'GOFLAGS=',
      'go',
      'build',
      '-o',
      binary,
      program('go', 'lease.go'),
    ]);
    await expectOneLoad(binary, [], 'the report <nil>');
  });
});
