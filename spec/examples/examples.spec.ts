/** Each program of examples/ runs from the packed package, and does what it says. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProject, type Project, projects } from '../support/packed.js';
import { PROJECT_DIR } from '../support/project.js';

const EXAMPLES = join(PROJECT_DIR, 'examples');

/** A project with one example and the packages that it names. */
function projectWith(file: string, packages: readonly string[] = []): Project {
  return createProject({ [file]: readFileSync(join(EXAMPLES, file), 'utf8') }, packages);
}

interface Service {
  readonly url: string;
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Starts an example that serves, on a port of its own, and waits for the line with its URL. */
async function start({ folder }: Project, file: string, env: NodeJS.ProcessEnv = {}): Promise<Service> {
  const child: ChildProcess = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${text}`)));
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      const found = /http:\/\/\S+/.exec(text);
      if (found) resolve(found[0]);
    });
  });
  return {
    url,
    output: () => text,
    stop: async () => {
      const exit = once(child, 'close');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function run(file: string, packages?: readonly string[]): Promise<string[]> {
  return (await projectWith(file, packages).node(file)).split('\n');
}

it('has a test for each program, which its README lists', () => {
  const own = readFileSync(import.meta.filename, 'utf8');
  const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(mjs|js|ts)$/.test(name),
  );
  for (const file of files) {
    expect.soft(own, file).toContain(`'${file}'`);
    expect.soft(readme, file).toContain(`(${file})`);
  }
  expect(files.length).toBeGreaterThan(9);
});

it('service: refreshes, and is warm after a restart', async () => {
  const file = 'service.mjs';
  const project = projectWith(file);
  const ask = async ({ url }: Service, id: number) => {
    const response = await fetch(`${url}/users/${id}`);
    return { status: response.status, ...((await response.json()) as { user?: unknown; loads: number }) };
  };
  const first = await start(project, file);
  for (let i = 0; i < 2; i++)
    expect(await ask(first, 7)).toMatchObject({ status: 200, user: { name: 'user 7' }, loads: 1 });
  expect((await ask(first, 5000)).status).toBe(404);
  await first.stop();
  expect(first.output()).toContain('saved 1 users');
  const second = await start(project, file);
  expect(second.output()).toContain('warm start: 1 users, 0 expired meanwhile');
  expect(await ask(second, 7)).toMatchObject({ status: 200, loads: 0 });
  await second.stop();
});

it('http-cache: both sides cache', async () => {
  expect(await run('http-cache.mjs', ['fastify', 'undici'])).toEqual([
    'three requests, 1 render',
    'after an invalidation, 2 renders',
    'three requests of a client that caches, 3 renders',
  ]);
});

it('session-store: counts the visits of each browser', async () => {
  const file = 'session-store.mjs';
  const { url } = await start(projectWith(file, ['express', 'express-session']), file);
  const first = await fetch(url);
  const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!;
  expect(await first.text()).toBe('visit 1\n');
  expect(await (await fetch(url, { headers: { cookie } })).text()).toBe('visit 2\n');
  expect(await (await fetch(url)).text()).toBe('visit 1\n');
});

it('rate-limiter: lets three requests through', async () => {
  const file = 'rate-limiter.mjs';
  const packages = ['express', 'express-rate-limit', 'ws'];
  const { url } = await start(projectWith(file, packages), file);
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await fetch(url)).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
});

it('tags: forgets what shows a product', async () => {
  expect(await run('tags.mjs')).toEqual(['2 pages showed product 1', '/about /products/2 are left']);
});

it('worker-threads: all threads have one cache', async () => {
  expect(await run('worker-threads.mjs')).toEqual(['4 threads answered', '8 hits over all threads']);
});

it('cluster: all processes see a change', async () => {
  expect((await run('cluster.mjs', ['ws'])).sort()).toEqual(
    [1, 2, 3].map((id) => `process ${id}: 10, then 11 true`),
  );
});

describe('workers', () => {
  interface Price {
    readonly price: number;
    readonly near: boolean;
    readonly loads: number;
    readonly process: number;
  }

  /** Over a connection of its own: the next one goes to another process. */
  async function price({ url }: Service, init: RequestInit = {}): Promise<string> {
    const response = await fetch(`${url}/prices/7`, { ...init, headers: { connection: 'close' } });
    return await response.text();
  }

  /** The answer of each process, once there are `processes`. */
  async function prices(service: Service, processes: number): Promise<Price[]> {
    const answers = new Map<number, Price>();
    await expect
      .poll(
        async () => {
          const answer = JSON.parse(await price(service)) as Price;
          answers.set(answer.process, answer);
          return answers.size;
        },
        { timeout: 20_000 },
      )
      .toBe(processes);
    return [...answers.values()];
  }

  async function expectOneCache(service: Service, processes: number): Promise<void> {
    const first = await prices(service, processes);
    expect(first.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
    await expect.poll(async () => (await prices(service, processes)).every(({ near }) => near)).toBe(true);
    expect(await price(service, { method: 'PUT', body: '12' })).toBe('stored\n');
    await expect
      .poll(async () => (await prices(service, processes)).map((each) => each.price))
      .toEqual(Array.from({ length: processes }, () => 12));
  }

  it('under node:cluster, one loads, and all see a change', async () => {
    const file = 'workers.mjs';
    const project = projectWith(file, ['ws']);
    const service = await start(project, file, { CACHE_SOCKET: join(project.folder, 'socket') });
    await expectOneCache(service, 2);
    await service.stop();
  });

  it('as the processes of ecosystem.config.cjs, the same', async () => {
    const file = 'workers.mjs';
    const project = projectWith(file, ['ws']);
    const config = createRequire(import.meta.url)(join(EXAMPLES, 'ecosystem.config.cjs')) as {
      apps: { script: string; exec_mode: string; env: NodeJS.ProcessEnv }[];
    };
    expect(config.apps.map(({ script, exec_mode }) => [script, exec_mode])).toEqual([
      [file, 'fork'],
      [file, 'cluster'],
    ]);
    const [cacheEnv, webEnv] = config.apps.map(({ env }) => env);
    expect(cacheEnv!.CACHE_SOCKET).toBe(webEnv!.CACHE_SOCKET);
    const own = { CACHE_SOCKET: join(project.folder, 'socket'), PORT: '0' };
    const cache = spawn(process.execPath, [file], {
      cwd: project.folder,
      env: { ...process.env, NODE_OPTIONS: '', ...cacheEnv, ...own },
      stdio: 'inherit',
    });
    onTestFinished(() => void cache.kill('SIGKILL'));
    const web = await start(project, file, { ...webEnv, ...own });
    await expectOneCache(web, 1);
    await web.stop();
    const exit = once(cache, 'close');
    cache.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  });
});

it('next-handler: has the handler that the framework calls', async () => {
  const project = projectWith('next-handler.mjs');
  project.write({
    'use.mjs': `
      import CacheHandler from './next-handler.mjs';
      const page = { kind: 'APP_PAGE', html: '<p>' };
      await new CacheHandler().set('/a', page, { tags: ['a'], revalidate: 60 });
      await new CacheHandler().set('/b', page, {});
      const { value, tags } = await new CacheHandler().get('/a');
      console.log(value.html, tags.join());
      await new CacheHandler().revalidateTag('a');
      await new CacheHandler().set('/b', null);
      console.log(await new CacheHandler().get('/a'), await new CacheHandler().get('/b'));
    `,
  });
  expect(await project.node('use.mjs')).toBe('<p> a\nnull null');
});

describe.skipIf(projects.missing)(`with the tools of spec/projects${projects.hint}`, () => {
  const file = 'fake-timers/cache.test.js';

  it('fake-timers: passes in Jest', async () => {
    const project = projectWith(file);
    expect(await project.tool('jest/bin/jest.js', '--rootDir', project.folder)).toContain('3 passed');
  });

  it('fake-timers: passes in Vitest', async () => {
    const project = projectWith(file, ['vitest']);
    const options = ['--globals', '--root', project.folder];
    expect(await project.tool('vitest/vitest.mjs', 'run', ...options)).toContain('3 passed');
  });

  it('nestjs: caches responses and values', async () => {
    const packages = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/cache-manager'];
    const project = projectWith('nestjs/main.ts', [
      ...packages,
      'cache-manager',
      'keyv',
      'reflect-metadata',
      'rxjs',
      '@types/node',
    ]);
    project.write({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'ES2023',
          module: 'NodeNext',
          types: ['node'],
          strict: true,
          skipLibCheck: true,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          preserveSymlinks: true,
        },
      }),
    });
    await project.tool('typescript/bin/tsc');
    const { url } = await start(project, 'nestjs/main.js');
    const json = async (path: string) => (await fetch(url + path)).json();
    expect([await json('/page'), await json('/page')]).toEqual([{ renders: 1 }, { renders: 1 }]);
    expect(await json('/value')).toEqual(await json('/value'));
  });
});
