/** Changes on a hotset server as an invalidation source, against a far end that the spec plays, and a real server. */

import { describe, expect, it, vi } from 'vitest';
import {
  type ClientInvalidationsOptions,
  clientInvalidations,
} from '../../lib/tiered/client-invalidations.js';
import { clientTier } from '../../lib/tiered/client-tier.js';
import type { InvalidationListener, InvalidationSource } from '../../lib/tiered/second-tier.js';
import { wireKeyOf } from '../../lib/tiered/wire-key.js';
import { type ClientFixture, makeClient, settled } from '../client/fixture.js';
import { liveServer } from '../client/live-fixture.js';

const ENTRY = { bytes: Buffer.from('value'), ttlMs: 60_000 };
const { signal } = new AbortController();

function recorded(events: unknown[]): InvalidationListener {
  return {
    connected: () => events.push('connected'),
    disconnected: () => events.push('disconnected'),
    alive: (sentAtMs) => events.push(['alive', sentAtMs]),
    keysChanged: (keys) => events.push([...keys]),
    allChanged: () => events.push('all'),
  };
}

interface Played extends ClientFixture {
  readonly source: InvalidationSource;
  readonly events: unknown[];
}

async function play(options: ClientInvalidationsOptions = {}): Promise<Played> {
  const fixture = makeClient();
  const { client, clock, scheduler } = fixture;
  const source = clientInvalidations(client, { clock, scheduler, pingMs: 500, ...options });
  const events: unknown[] = [];
  source.start('p:', recorded(events));
  await settled();
  fixture.end.open();
  return {
    ...fixture,
    source,
    events,
    get end() {
      return fixture.end;
    },
  };
}

/** Answers the subscription, and returns what it asked for. */
async function subscribe({ end }: ClientFixture, number = 1): Promise<unknown> {
  await settled();
  const [request] = end.take();
  end.reply(request!, { subscription: number });
  await settled();
  return request!.params;
}

describe('clientInvalidations', () => {
  it('reports what changes, from when its subscription stands', async () => {
    const fixture = await play();
    const { end, events } = fixture;
    expect(events).toEqual([]);
    expect(await subscribe(fixture)).toEqual({ prefixes: ['p:'], keys: [], noEcho: true });
    expect(events.splice(0)).toEqual(['connected', ['alive', 1000]]);
    end.invalidate('p:a', 'stored', '7');
    end.invalidate('p:a%20b', 'deleted', null);
    end.invalidate('p:c', 'evicted', null);
    end.invalidate(wireKeyOf(`p:${'x'.repeat(300)}`), 'touched', null);
    end.invalidateAll('cleared');
    end.invalidateAll('lagged');
    expect(events).toEqual([['p:a'], ['p:a b'], ['p:c'], 'all', 'all', 'all']);
  });

  it('reports a change that comes right behind the answer after connected()', async () => {
    const fixture = await play();
    await settled();
    const { end, events } = fixture;
    const [request] = end.take();
    end.reply(request!, { subscription: 1 });
    end.invalidate('p:a', 'stored', '7');
    await settled();
    expect(events).toEqual(['connected', ['alive', 1000], ['p:a']]);
  });

  it('says when the link is lost, and when it stands again', async () => {
    const fixture = await play();
    await subscribe(fixture);
    fixture.events.length = 0;
    fixture.end.drop();
    expect(fixture.events.splice(0)).toEqual(['disconnected']);
    fixture.scheduler.advance(10_000);
    await settled();
    fixture.end.open();
    expect(fixture.events).toEqual([]);
    await subscribe(fixture);
    expect(fixture.events.splice(0)).toEqual(['connected', ['alive', fixture.clock.now()]]);
    fixture.end.invalidate('p:a', 'stored', '7');
    expect(fixture.events).toEqual([['p:a']]);
  });

  it('proves with two pings that nothing is missing', async () => {
    const fixture = await play();
    await subscribe(fixture);
    fixture.events.length = 0;
    const { end, events, scheduler, clock } = fixture;
    for (let times = 0; times < 2; times++) {
      scheduler.advance(500);
      const sentAtMs = clock.now();
      for (const expected of [[], [['alive', sentAtMs]]]) {
        await settled();
        const pings = end.take();
        expect(pings.map(({ method }) => method)).toEqual(['ping']);
        clock.advance(10);
        end.reply(pings[0]!, 'pong');
        await settled();
        expect(events).toEqual(expected);
      }
      events.length = 0;
    }
  });

  it('tries again where the server refuses the subscription', async () => {
    const fixture = await play();
    await settled();
    fixture.end.refuse(fixture.end.take()[0]!, -32005, 'too many', { code: 'HOTSET_TOO_MANY' });
    await settled();
    expect(fixture.events.splice(0)).toEqual(['disconnected']);
    fixture.scheduler.advance(500);
    await subscribe(fixture);
    expect(fixture.events).toEqual(['connected', ['alive', 1000]]);
  });

  it('reports nothing once it is stopped, and subscribes no more', async () => {
    const fixture = await play();
    await subscribe(fixture, 9);
    fixture.events.length = 0;
    await fixture.source.stop();
    fixture.end.invalidate('p:a', 'stored', '7');
    await settled();
    expect(fixture.end.take()).toMatchObject([{ method: 'unsubscribe', params: { subscription: 9 } }]);
    fixture.end.drop();
    fixture.scheduler.advance(60_000);
    await settled();
    expect(fixture.events).toEqual([]);
  });

  it('stops while it waits for a connection', async () => {
    const fixture = makeClient();
    const source = clientInvalidations(fixture.client, { scheduler: fixture.scheduler });
    source.start('p:', recorded([]));
    await source.stop();
    await settled();
    fixture.end.open();
    await settled();
    expect(fixture.end.take()).toEqual([]);
  });

  it('refuses options that it does not know, what is no client, and a prefix that is too long', () => {
    const { client } = makeClient();
    expect(() => clientInvalidations(client, { pingMs: 0 })).toThrow('pingMs');
    expect(() => clientInvalidations(client, { echo: true } as object)).toThrow('echo');
    expect(() => clientInvalidations({} as never)).toThrow('HotsetClient');
    expect(() => clientTier({} as never)).toThrow('HotsetClient');
    expect(() => clientInvalidations(client).start('p'.repeat(129), recorded([]))).toThrow('prefix');
  });

  it('reports a real server’s changes by others, deletes of what is not there among them', async () => {
    const server = await liveServer();
    const [own, other] = [server.connect().client, server.connect().client];
    const events: unknown[] = [];
    const source = clientInvalidations(own);
    source.start('p:', recorded(events));
    await vi.waitFor(() => expect(events[0]).toBe('connected'));
    events.length = 0;
    await clientTier(own).set(new Map([['p:mine', ENTRY]]), signal);
    await clientTier(own).delete(['p:mine'], signal);
    await clientTier(other).set(new Map([['p:a', ENTRY]]), signal);
    await clientTier(other).delete(['p:absent'], signal);
    await clientTier(other).delete(['q:absent'], signal);
    await clientTier(other).deletePrefix('p:', signal);
    await own.ping();
    await own.ping();
    const keys = events.flat().filter((event) => typeof event === 'string' && event.startsWith('p:'));
    expect(new Set(keys)).toEqual(new Set(['p:a', 'p:absent']));
    server.engine.clear();
    await vi.waitFor(() => expect(events.at(-1)).toBe('all'));
    await source.stop();
  });
});
