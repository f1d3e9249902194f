/** Clients that bring a name and a password, over the binary protocol: hotset with -Y. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'memjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  dalliTool,
  type ExternalTool,
  libmemcachedTools,
  PYTHON,
  phpTool,
  pylibmcTool,
} from '../support/external-tool.js';
import { type RunningServer, startHotset } from '../support/hotset-process.js';
import { jsonOutputOf } from '../support/json-output.js';
import { runCommand } from '../support/run-command.js';

// memjs waits for ever when a server closes without an answer.
vi.setConfig({ testTimeout: 20_000 });

const USER = 'ada';
/** With a colon, of which only the first parts name and password in the file. */
const PASSWORD = 's3cret:word';

let directory: string;
let guarded: RunningServer;
let open: RunningServer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  const users = join(directory, 'users');
  writeFileSync(users, `grace:hopper\n${USER}:${PASSWORD}\n`);
  [guarded, open] = await Promise.all([startHotset(['-Y', users]), startHotset()]);
});
afterAll(async () => {
  await Promise.all([guarded?.stop(), open?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

describe('memjs with a password', () => {
  async function withClient<T>(
    credentials: { username?: string; password?: string },
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    const options = { timeout: 10, retries: 1, logger: { log: () => undefined } };
    const client = Client.create(`127.0.0.1:${guarded.port}`, { ...options, ...credentials });
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  it('serves whom it knows', async () => {
    await withClient({ username: USER, password: PASSWORD }, async (client) => {
      const keys = Array.from({ length: 20 }, (_, number) => `key-${number}`);
      await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
      const found = await Promise.all(keys.map((key) => client.get(key)));
      expect(found.map(({ value }) => value?.toString())).toEqual(keys.map((key) => `value of ${key}`));
    });
  });

  it.each([
    ['a wrong password', { username: USER, password: 'secret' }],
    ['a name that it does not know', { username: 'eve', password: PASSWORD }],
    ['no name', {}],
  ])('refuses %s', async (_, credentials) => {
    const refused = withClient(credentials, (client) => client.set('key', 'a'));
    await expect(refused).rejects.toBe('Memcached server authentication failed!');
  });
});

/** The programs that try all calls of a client: with a password they are to see the same. */
const PROGRAMS: readonly (readonly [ExternalTool, string, string, readonly string[]])[] = [
  [pylibmcTool(), PYTHON, 'python/pylibmc_calls.py', ['binary']],
  [phpTool(), 'php', 'php/calls.php', ['binary']],
  [dalliTool(), 'ruby', 'ruby/dalli_calls.rb', []],
];

for (const [tool, interpreter, path, args] of PROGRAMS) {
  describe.skipIf(tool.missing)(`${path} with a password${tool.hint}`, () => {
    const program = fileURLToPath(new URL(path, import.meta.url));
    const argumentsFor = (server: RunningServer, ...credentials: string[]): string[] => [
      program,
      String(server.port),
      ...args,
      ...credentials,
    ];

    it('serves all its calls as without one', async () => {
      const [withPassword, without] = await Promise.all([
        jsonOutputOf(interpreter, argumentsFor(guarded, USER, PASSWORD)),
        jsonOutputOf(interpreter, argumentsFor(open)),
      ]);
      expect(withPassword).toEqual(without);
    });

    it('refuses a wrong password, and none', async () => {
      await Promise.all(
        [[USER, 'secret'], []].map((credentials) =>
          expect(jsonOutputOf(interpreter, argumentsFor(guarded, ...credentials))).rejects.toThrow(),
        ),
      );
    });
  });
}

const tools = libmemcachedTools();

describe.skipIf(tools.missing)(`libmemcached tools with a password${tools.hint}`, () => {
  it('serves whom it knows, and no one else', async () => {
    const memcstat = async (password: string): Promise<string> => {
      const credentials = [`--username=${USER}`, `--password=${password}`];
      const server = `--servers=127.0.0.1:${guarded.port}`;
      return (await runCommand('memcstat', ['--binary', server, ...credentials])).stdout;
    };
    expect(await memcstat(PASSWORD)).toMatch(/^\tlimit_maxbytes: 67108864\n/m);
    expect(await memcstat('secret')).not.toContain('limit_maxbytes');
  });
});
