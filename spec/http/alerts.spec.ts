/**
 * Every alert of docs/operations.md fires in the case that it is for, and in no other: promtool evaluates the rules over
 * what a server reports before and after each case, and a real Prometheus scrapes a server that has all of them. The same
 * Prometheus answers every query of the dashboard for Grafana.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../lib/http/index.js';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer, type ListenAddress, type TcpServer } from '../../lib/tcp/index.js';
import { attachWebSocket, type WebSocketEndpoint } from '../../lib/websocket/index.js';
import { certificate } from '../support/certificates.js';
import { type ExposedSample, readExposition } from '../support/exposition.js';
import { prometheusTool, promtool } from '../support/external-tool.js';
import { ServerProcess } from '../support/server-process.js';
import { certFiles, connectTo, folder } from '../tcp/fixture.js';
import { WireClient } from '../tcp/wire-client.js';
import { ask } from './fixture.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const RULES = /^```yaml\n(groups:\n[\s\S]*?)^```/m.exec(PAGE)![1]!;
const ALERTS = Array.from(RULES.matchAll(/- alert: (\w+)/g), ([, name]) => name!);

const DAY_MS = 86_400_000;
const STEP_SECONDS = 15;
const STEPS = 240;

/** A server with room for four connections and for some hundred items, and all that reports on it. */
class Cache {
  readonly #tcp: TcpServer;
  readonly #http: HttpServer;
  readonly #sockets: WebSocketEndpoint;
  readonly #clients: WireClient[] = [];
  #address: ListenAddress = {};
  port = 0;

  constructor({ expiresInDays = 1000, httpPort = 0, maxHttpConnections = 2048 }) {
    const expiring = certificate('server', undefined, new Date(Date.now() + expiresInDays * DAY_MS));
    const engine = new CacheEngine<string, unknown>({ maxBytes: '256KiB', missRatioCurve: true });
    const tls = certFiles(folder(), expiring);
    this.#tcp = createTcpServer(engine, { port: 0, maxConnections: 2, maxItemBytes: 2048, tls });
    this.#http = createHttpServer(engine, { port: httpPort, maxConnections: maxHttpConnections });
    this.#sockets = attachWebSocket(engine, { server: this.#http.server, path: '/ws' });
  }

  async start(): Promise<void> {
    this.#address = await this.#tcp.listen({ port: 0, tls: false });
    this.port = (await this.#http.listen()).port;
  }

  /** Sends commands of one reply line each, and waits for the replies. */
  async command(text: string): Promise<void> {
    this.#clients[0] ??= await WireClient.open(this.#address);
    const [client] = this.#clients as [WireClient];
    client.send(`${text}mn\r\n`);
    while ((await client.line()) !== 'MN\r\n') {}
  }

  async refuseConnections(): Promise<void> {
    await this.command('');
    this.#clients[1] ??= await WireClient.open(this.#address);
    const third = await connectTo(this.#address, undefined);
    expect(await third.line()).toBe('ERROR Too many open connections\r\n');
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    await Promise.all([this.#tcp.close(), this.#sockets.close(), this.#http.close()]);
  }
}

let running: Cache[] = [];
afterEach(async () => {
  for (const cache of running.splice(0)) await cache.stop();
});

async function start(options: ConstructorParameters<typeof Cache>[0] = {}): Promise<Cache> {
  const cache = new Cache(options);
  running.push(cache);
  await cache.start();
  return cache;
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('');
}

let stored = 0;
const store = (count: number, bytes = 500): string =>
  lines(count, () => `set k${stored++} 0 0 ${bytes}\r\n${'v'.repeat(bytes)}\r\n`);

const misses = (cache: Cache): Promise<void> => cache.command(lines(6000, (i) => `get absent${i}\r\n`));
const tooLarge = (cache: Cache): Promise<void> =>
  cache.command(lines(30, () => `set large 0 0 5000\r\n${'v'.repeat(5000)}\r\n`));
const evictUnread = (cache: Cache): Promise<void> => cache.command(store(2000));
/** What is stored is read at once, and evicted soon after. */
const evictRead = (cache: Cache): Promise<void> =>
  cache.command(lines(2000, () => `${store(1)}mg k${stored - 1}\r\n`));
const healthy = async (cache: Cache): Promise<void> => {
  await cache.command(store(10, 10));
  await cache.command(lines(3000, () => `mg k${stored - 1}\r\n`));
};
async function blockEventLoop(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const until = performance.now() + 150;
    while (performance.now() < until) {}
    await setTimeout(0);
  }
}

interface Case {
  readonly alerts: readonly string[];
  readonly options?: ConstructorParameters<typeof Cache>[0];
  readonly drive: (cache: Cache) => Promise<unknown>;
  /** `steady` goes on for ever, `burst` happens once, and `restart` is followed by a new process. */
  readonly course?: 'steady' | 'burst' | 'restart';
  /** Minutes from the beginning, after which the alert is looked at. */
  readonly afterMinutes?: number;
}

const CASES: Readonly<Record<string, Case>> = {
  'a healthy server': { alerts: [], drive: healthy },
  'an idle server': { alerts: [], drive: async () => {} },
  '400 misses a second, and no hit': { alerts: ['HotsetHitRatioLow'], drive: misses },
  'values that are read and evicted within a minute': { alerts: ['HotsetBudgetShort'], drive: evictRead },
  'values that are evicted before they are read': {
    alerts: ['HotsetBudgetShort', 'HotsetStoresForNothing'],
    drive: evictUnread,
  },
  'thirty objects too large for the cache, once': {
    alerts: ['HotsetRefusesWrites'],
    drive: tooLarge,
    course: 'burst',
    afterMinutes: 8,
  },
  'objects too large for the cache, all the time': { alerts: ['HotsetRefusesWrites'], drive: tooLarge },
  'a refused connection': {
    alerts: ['HotsetRefusesConnections'],
    drive: (cache) => cache.refuseConnections(),
    course: 'burst',
    afterMinutes: 2,
  },
  'a refused HTTP connection': {
    alerts: ['HotsetRefusesConnections'],
    options: { maxHttpConnections: 1 },
    drive: async ({ port }) => {
      const first = await WireClient.open({ port });
      const second = await WireClient.open({ port });
      while (!second.ended) await setTimeout(5);
      first.socket.destroy();
      await setTimeout(50);
    },
    course: 'burst',
    afterMinutes: 2,
  },
  'a certificate that expires in five days': {
    alerts: ['HotsetCertificateExpires'],
    options: { expiresInDays: 5 },
    drive: healthy,
  },
  'a certificate that has expired': {
    alerts: ['HotsetCertificateExpires'],
    options: { expiresInDays: -5 },
    drive: healthy,
  },
  'an event loop that is held up': { alerts: ['HotsetEventLoopSlow'], drive: blockEventLoop },
  'a restart': { alerts: ['HotsetRestarted'], drive: healthy, course: 'restart', afterMinutes: 10 },
};

type Scrape = ReadonlyMap<string, { readonly sample: ExposedSample; readonly isCounter: boolean }>;

async function scrape(port: number): Promise<Scrape> {
  const families = readExposition((await ask(port, '/metrics')).body).values();
  return new Map(
    [...families].flatMap(({ type, samples }) =>
      samples.map((sample) => {
        const { name, labels } = sample;
        const text = Object.entries({ job: 'hotset', instance: 'cache', ...labels }).map(
          ([label, value]) => `${label}="${value}"`,
        );
        return [`${name}{${text}}`, { sample, isCounter: type !== 'gauge' }] as const;
      }),
    ),
  );
}

/** Counters go on from the first scrape as the case says, gauges stay as in the last one. promtool's time begins at 0. */
function inputSeries(before: Scrape, after: Scrape, { course, alerts }: Case): object[] {
  const loopCounts = alerts.includes('HotsetEventLoopSlow');
  const scrapedAt = Date.now() / 1000;
  // promtool cannot repeat +Inf, and no rule reads a limit. Whoever drives the server here holds up its loop, too.
  const finite = [...after].filter(
    ([
      ,
      {
        sample: { name, value },
      },
    ]) => Number.isFinite(value) && (loopCounts || !name.startsWith('nodejs_')),
  );
  const recorded = finite.map(([series, { sample, isCounter }]) => {
    const { name, value } = sample;
    const first = before.get(series)?.sample.value ?? 0;
    const relative = name.endsWith('_timestamp_seconds') ? value - scrapedAt : value;
    if (!isCounter) return { series, values: `${relative}x${STEPS}` };
    if (course === 'burst') return { series, values: `${first} ${first} ${value}x${STEPS}` };
    const [begin, step] = name === 'memcached_uptime_seconds' ? [600, STEP_SECONDS] : [first, value - first];
    const restarted = course === 'restart' ? `x${STEPS / 12} 0+${step}` : '';
    const values = `${begin}+${step}${restarted}x${STEPS}`;
    return { series, values };
  });
  return [{ series: 'up{job="hotset",instance="cache"}', values: `1x${STEPS}` }, ...recorded];
}

const tester = promtool();

describe.skipIf(tester.missing)(`the documented rules, over what a server reports${tester.hint}`, () => {
  it('are rules', () => {
    const file = join(folder(), 'rules.yml');
    writeFileSync(file, RULES);
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('have a case each', () => {
    const covered = Object.values(CASES).flatMap(({ alerts }) => alerts);
    expect(new Set(['HotsetDown', ...covered])).toEqual(new Set(ALERTS));
  });

  function evaluate(series: object[], afterMinutes: number, alerts: readonly string[]): void {
    const path = folder();
    writeFileSync(join(path, 'rules.yml'), RULES);
    const test = {
      rule_files: ['rules.yml'],
      evaluation_interval: `${STEP_SECONDS}s`,
      tests: [
        {
          interval: `${STEP_SECONDS}s`,
          input_series: series,
          alert_rule_test: ALERTS.map((alertname) => ({
            eval_time: `${afterMinutes}m`,
            alertname,
            exp_alerts: alerts.includes(alertname)
              ? [{ exp_labels: { job: 'hotset', instance: 'cache' } }]
              : [],
          })),
        },
      ],
    };
    // JSON is YAML.
    writeFileSync(join(path, 'test.yml'), JSON.stringify(test));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', join(path, 'test.yml')], {
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
  }

  it.each(Object.entries(CASES))('%s', async (_what, one) => {
    const { alerts, options, drive, course, afterMinutes = 50 } = one;
    const cache = await start(options);
    if (course === 'restart') await healthy(cache);
    const before = await scrape(cache.port);
    await drive(cache);
    const after = await scrape(cache.port);
    evaluate(inputSeries(before, after, one), afterMinutes, alerts);
  });

  it('a server that is down', () => {
    evaluate([{ series: 'up{job="hotset",instance="cache"}', values: `0x${STEPS}` }], 5, ['HotsetDown']);
  });
});

const prometheus = prometheusTool();

/** The queries of the dashboard's panels, with its variables as Grafana fills them in, and those of the variables. */
function dashboard(): { readonly queries: string[]; readonly variables: string[] } {
  const file = join(import.meta.dirname, '../../packaging/grafana/hotset.json');
  const { panels, templating } = JSON.parse(readFileSync(file, 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
    templating: { list: { definition?: string }[] };
  };
  const filled = (text: string): string =>
    text.replaceAll('$__rate_interval', '20s').replaceAll('$job', '.*').replaceAll('$instance', '.*');
  return {
    queries: panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filled(expr))),
    variables: templating.list.flatMap(({ definition }) => {
      const [, metric] = /^label_values\((.*), \w+\)$/.exec(definition ?? '') ?? [];
      return metric === undefined ? [] : [filled(metric)];
    }),
  };
}

/** How many series a query finds; a ratio of nothing to nothing is none. */
async function answers(port: number, query: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data, error } = (await response.json()) as {
    data?: { result: { value: [number, string] }[] };
    error?: string;
  };
  if (data === undefined) throw new Error(`${query}: ${error}`);
  return data.result.filter(({ value: [, value] }) => value !== 'NaN').length;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(prometheus.missing)(`a real Prometheus${prometheus.hint}`, () => {
  it('fires every documented alert at a server that has every trouble', async () => {
    const path = folder();
    const [httpPort, deadPort, ownPort] = [await freePort(), await freePort(), await freePort()];
    writeFileSync(join(path, 'rules.yml'), RULES.replace(/for: \w+/g, 'for: 1s'));
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [
        {
          job_name: 'hotset',
          static_configs: [{ targets: [`127.0.0.1:${httpPort}`, `127.0.0.1:${deadPort}`] }],
        },
      ],
    };
    writeFileSync(join(path, 'prometheus.yml'), JSON.stringify(config));
    const process = new ServerProcess('prometheus', [
      `--config.file=${join(path, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(path, 'data')}`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
      '--log.level=error',
    ]);
    try {
      const firing = new Set<string>();
      const deadline = Date.now() + 45_000;
      let cache = await start({ expiresInDays: 5, httpPort });
      for (let round = 0; firing.size < ALERTS.length; round++) {
        if (Date.now() > deadline) break;
        await misses(cache);
        await tooLarge(cache);
        await evictUnread(cache);
        await cache.refuseConnections();
        await blockEventLoop();
        if (round === 8) {
          await cache.stop();
          running = [];
          cache = await start({ expiresInDays: 5, httpPort });
        }
        for (const name of await firingAlerts(ownPort)) firing.add(name);
        await setTimeout(200);
      }
      expect([...firing].sort()).toEqual([...ALERTS].sort());
      const { queries, variables } = dashboard();
      expect(queries.length).toBeGreaterThan(30);
      for (const query of queries) expect.soft(await answers(ownPort, query), query).toBeGreaterThan(0);
      for (const query of variables) expect.soft(await answers(ownPort, query), query).toBeGreaterThan(0);
    } finally {
      await process.stop();
    }
  });

  async function firingAlerts(port: number): Promise<string[]> {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`);
      const { data } = (await response.json()) as {
        data: { alerts: { state: string; labels: { alertname: string } }[] };
      };
      return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    } catch {
      // It is not ready yet.
      return [];
    }
  }
});
