/** The methods `history` and `missRatioCurve`, and the process in `stats`: on a clock that stands still. */

import { describe, expect, it } from 'vitest';
import { ManualClock, type MissRatioCurve } from '../../../lib/index.js';
import type { HistoryResult, ProcessFigures } from '../../../lib/rpc-protocol.js';
import { ManualScheduler } from '../../../lib/scheduler.js';
import { ProcessMonitor } from '../../../lib/websocket/rpc/process-monitor.js';
import { LEVELS, type Monitor, STEP_MS, StatsHistory } from '../../../lib/websocket/rpc/stats-history.js';
import { Endpoint } from './fixture.js';

const QUIET: ProcessFigures = {
  residentBytes: 5e7,
  heapBytes: 1e7,
  loopDelayMs: 0,
  collectorPauseMs: 0,
  collectorMs: 0,
};

class FakeMonitor implements Monitor {
  figures = QUIET;
  begun = 0;
  begin(): void {
    this.begun++;
  }
  end(): void {
    this.begun--;
  }
  read(): ProcessFigures {
    return this.figures;
  }
}

function recorded(): {
  endpoint: Endpoint;
  scheduler: ManualScheduler;
  monitor: FakeMonitor;
  history: StatsHistory;
} {
  const endpoint = new Endpoint();
  const scheduler = new ManualScheduler(endpoint.clock);
  const monitor = new FakeMonitor();
  return { endpoint, scheduler, monitor, history: new StatsHistory(endpoint.items, scheduler, monitor) };
}

describe('a history', () => {
  it('has a row a second, with what happened until then', () => {
    const { endpoint, scheduler, monitor, history } = recorded();
    history.begin();
    expect(history.report().columns.uptimeMs).toEqual([]);
    endpoint.engine.set('a', 'x');
    for (let second = 1; second <= 3; second++) {
      endpoint.engine.get('a');
      endpoint.engine.get('b');
      monitor.figures = { ...QUIET, loopDelayMs: second };
      scheduler.advance(STEP_MS);
    }
    scheduler.advance(400);
    const { uptimeMs, columns } = history.report();
    expect(uptimeMs).toBe(3400);
    expect(columns).toMatchObject({
      uptimeMs: [1000, 2000, 3000],
      'engine.hits': [1, 2, 3],
      'engine.misses': [1, 2, 3],
      'engine.size': [1, 1, 1],
      'process.loopDelayMs': [1, 2, 3],
      'process.residentBytes': [5e7, 5e7, 5e7],
      'commands.cmd_get': [0, 0, 0],
    });
    expect(history.process?.loopDelayMs).toBe(3);
  });

  it('keeps an hour in so many rows, and the worst of each step', () => {
    const { scheduler, monitor, history } = recorded();
    history.begin();
    for (let second = 0; second < 2 * 3600; second++) {
      monitor.figures = { ...QUIET, loopDelayMs: second === 5000 ? 800 : 1 };
      scheduler.advance(STEP_MS);
    }
    const { uptimeMs, columns } = history.report();
    const times = columns.uptimeMs as number[];
    expect(times.length).toBe(LEVELS.reduce((sum, { rows }) => sum + rows, 0));
    expect(uptimeMs - times[0]!).toBeGreaterThanOrEqual(3570_000);
    expect(Math.max(...(columns['process.loopDelayMs'] as number[]))).toBe(800);
    expect(JSON.stringify(columns).length).toBeLessThan(200_000);
  });

  it('stops when its endpoint closes, and may be closed twice', () => {
    const { scheduler, monitor, history } = recorded();
    history.end();
    history.begin();
    expect([monitor.begun, scheduler.pending]).toEqual([1, 1]);
    history.end();
    history.end();
    expect([monitor.begun, scheduler.pending]).toEqual([0, 0]);
  });
});

describe('the methods', () => {
  it('history and the process in stats, where the endpoint keeps them', () => {
    const bare = new Endpoint().connect();
    expect(bare.call('history')).toBeNull();
    expect(bare.call('stats')).not.toHaveProperty('process');
    const endpoint = new Endpoint({ history: true });
    endpoint.context.history!.begin();
    const client = endpoint.connect();
    expect((client.call('history') as HistoryResult).columns.uptimeMs).toEqual([]);
    const { process: figures } = client.call('stats') as { process: ProcessFigures };
    expect(figures.residentBytes).toBeGreaterThan(1e6);
    endpoint.context.close();
  });

  it('history fits the reply, or is refused', () => {
    const scheduler = new ManualScheduler(new ManualClock());
    const endpoint = new Endpoint({ history: true, maxReplyBytes: 2048, scheduler });
    const client = endpoint.connect();
    endpoint.context.history!.begin();
    expect(client.call('history')).toMatchObject({ columns: { uptimeMs: [] } });
    scheduler.advance(100_000);
    expect(client.call('history')).toMatchObject({ error: { data: { code: 'HOTSET_REPLY_TOO_LARGE' } } });
    endpoint.context.close();
    expect(scheduler.pending).toBe(0);
  });

  it('missRatioCurve: null without one, and else as the engine has it', () => {
    expect(new Endpoint().connect().call('missRatioCurve')).toBeNull();
    const endpoint = new Endpoint({}, {}, { maxBytes: 200_000, missRatioCurve: true });
    const client = endpoint.connect();
    expect(client.call('missRatioCurve')).toMatchObject({
      sampledReads: 0,
      summary: 'Nothing has been read yet.',
    });
    for (let i = 0; i < 20_000; i++) {
      const key = `k${(i * 7919) % 3001}`;
      if (endpoint.engine.get(key) === undefined) endpoint.engine.set(key, 'v'.repeat(50));
    }
    const curve = client.call('missRatioCurve') as MissRatioCurve;
    expect(curve.sampledReads).toBeGreaterThan(1000);
    expect(curve.factors.map(({ factor }) => Math.round(factor * 4) / 4)).toEqual([0.25, 0.5, 1, 2, 4]);
    expect(curve.points.length).toBe(33);
    expect(Object.keys(curve.policies).sort()).toEqual(['lru', 's3-fifo', 'sieve', 'w-tinylfu']);
    expect(JSON.stringify(curve).length).toBeLessThan(8000);
  });
});

it('a monitor reads the process, and its peaks begin anew', () => {
  const monitor = new ProcessMonitor();
  monitor.begin();
  const first = monitor.read();
  expect(first.residentBytes).toBeGreaterThan(first.heapBytes);
  expect(first.heapBytes).toBeGreaterThan(1e6);
  expect(monitor.read()).toMatchObject({ collectorPauseMs: 0 });
  monitor.end();
});
