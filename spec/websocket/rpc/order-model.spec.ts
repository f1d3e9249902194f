/**
 * The promise that a near cache lives on, held to the simplest of near caches: it keeps what it reads, in the order in which
 * frames come, and forgets what it is told of. Random reads, also in batches that take many turns, writes by the process and by
 * itself, and a client that stops reading: when all is quiet, everything that it still holds is what the server holds.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Endpoint, type Peer, turn } from './fixture.js';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const text = fc.constantFrom('short', 'x'.repeat(700));

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('read' as const), keys: fc.array(key, { minLength: 1 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), key, text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write mine' as const), key, text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop reading' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read again' as const) }) },
);

interface Frame {
  readonly id?: string;
  readonly result?: { readonly version: string; readonly result?: string } | null;
  readonly method?: string;
  readonly params?: { readonly key: string };
}

/** What a client holds that believes all it is told, and nothing else. */
class NearCache {
  readonly versions = new Map<string, string>();

  take(texts: readonly string[]): void {
    for (const frame of texts.flatMap((json) => JSON.parse(json) as Frame | Frame[])) this.#take(frame);
  }

  #take({ id, result, method, params }: Frame): void {
    if (method === 'invalidated') this.versions.delete(params!.key);
    else if (method === 'invalidatedAll') this.versions.clear();
    else if (id?.startsWith('read ') && result !== null) this.versions.set(id.slice(5), result!.version);
  }
}

function readAgain(client: Peer): void {
  client.sink.reads = true;
  // As long as there was something to wait for.
  while (client.sink.unsentBytes > 0) client.drain();
}

it('a client that drops what is invalidated never holds anything old', async () => {
  let lagged = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 10, maxLength: 80, size: 'max' }),
      fc.constantFrom(1, 2, 3, 512),
      async (actions, requestsPerTurn) => {
        const endpoint = new Endpoint({ maxUnsentBytes: 500 }, { requestsPerTurn });
        const { engine } = endpoint;
        const client = endpoint.connect();
        const near = new NearCache();
        await client.ask('subscribe', { prefixes: [''] });
        const take = (): void => {
          const texts = client.texts();
          lagged += texts.filter((json) => json.includes('"lagged"')).length;
          near.take(texts);
        };
        for (const step of actions) {
          if (step.do === 'turn') await turn();
          else if (step.do === 'read')
            client.send(
              step.keys.map((key) => ({ jsonrpc: '2.0', id: `read ${key}`, method: 'get', params: { key } })),
            );
          else if (step.do === 'write') engine.set(step.key, step.text);
          else if (step.do === 'write mine')
            client.send({ jsonrpc: '2.0', method: 'set', params: { key: step.key, value: step.text } });
          else if (step.do === 'delete') engine.delete(step.key);
          else if (step.do === 'clear') engine.clear();
          else if (step.do === 'stop reading') client.sink.reads = false;
          else readAgain(client);
          take();
        }
        readAgain(client);
        do {
          await turn();
          take();
        } while (client.handler.state !== 'conn_read');
        await turn();
        take();
        for (const [key, version] of near.versions)
          expect(version, key).toBe(engine.getEntry(key)?.version.toString());
      },
    ),
    { numRuns: Number(process.env.HOTSET_FUZZ_RUNS ?? 600) },
  );
  expect(lagged).toBeGreaterThan(0);
});
