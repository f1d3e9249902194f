/**
 * Random writes by several clients and by the process, among subscribers of random prefixes and keys, against a model that
 * looks at everybody for each change: who is told of what, once, with which version, and with whose changes left out.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Endpoint, type Peer, turn } from '../fixture.js';

const CLIENTS = 4;

const key = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 });
const prefix = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 2 });
/** The process itself is the last one. */
const who = fc.nat({ max: CLIENTS });

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), who, key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), who, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      who: fc.nat({ max: CLIENTS - 1 }),
      prefixes: fc.array(prefix, { maxLength: 2 }),
      keys: fc.array(key, { maxLength: 2 }),
      noEcho: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('unsubscribe' as const),
      who: fc.nat({ max: CLIENTS - 1 }),
      which: fc.nat({ max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
);

interface ModelSubscription {
  readonly number: number;
  readonly prefixes: readonly string[];
  readonly keys: readonly string[];
  readonly noEcho: boolean;
}

interface ModelChange {
  cause: string;
  readonly authors: Set<number>;
}

function concerns({ prefixes, keys }: ModelSubscription, key: string): boolean {
  return keys.includes(key) || prefixes.some((start) => key.startsWith(start));
}

/** What each client should be told, worked out the long way. */
class Model {
  readonly subscriptions: ModelSubscription[][] = Array.from({ length: CLIENTS }, () => []);
  readonly #changes = new Map<string, ModelChange>();
  #clearedBy: Set<number> | null = null;

  changed(key: string, cause: string, author: number): void {
    const known = this.#changes.get(key);
    if (known === undefined) {
      // What concerns nobody is forgotten, and its author with it.
      if (this.subscriptions.flat().some((subscription) => concerns(subscription, key)))
        this.#changes.set(key, { cause, authors: new Set([author]) });
    } else {
      known.cause = cause;
      known.authors.add(author);
    }
  }

  cleared(author: number): void {
    this.#clearedBy ??= new Set();
    this.#clearedBy.add(author);
    for (const { authors } of this.#changes.values()) for (const other of authors) this.#clearedBy.add(other);
    this.#changes.clear();
  }

  /** `key cause` of what the client is told at the end of this turn. */
  told(client: number): string[] {
    const mine = this.subscriptions[client]!;
    const isTold = (authors: ReadonlySet<number>, asked: readonly ModelSubscription[]): boolean =>
      asked.some(({ noEcho }) => !noEcho || [...authors].some((author) => author !== client));
    const told: string[] = [];
    if (this.#clearedBy !== null && isTold(this.#clearedBy, mine)) told.push('* cleared');
    for (const [key, { cause, authors }] of this.#changes) {
      const asked = mine.filter((subscription) => concerns(subscription, key));
      if (isTold(authors, asked)) told.push(`${key} ${cause}`);
    }
    return told.sort();
  }

  endTurn(): void {
    this.#changes.clear();
    this.#clearedBy = null;
  }
}

interface Notification {
  readonly method: string;
  readonly params: { readonly key?: string; readonly cause: string; readonly version?: string | null };
}

/** Notifications since the last time; replies are left out. */
function notifications(client: Peer): { frames: number; told: Notification[] } {
  const frames = (client.frames() as (Notification | Notification[])[]).filter(
    (frame) => Array.isArray(frame) || 'method' in frame,
  );
  return { frames: frames.length, told: frames.flat() };
}

it('notifies each client of its own topics, once, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const endpoint = new Endpoint();
      const { engine } = endpoint;
      const clients = Array.from({ length: CLIENTS }, () => endpoint.connect());
      const model = new Model();
      const endTurn = async (): Promise<void> => {
        await turn();
        clients.forEach((client, i) => {
          const { frames, told } = notifications(client);
          expect(told.map(({ params: { key, cause } }) => `${key ?? '*'} ${cause}`).sort()).toEqual(
            model.told(i),
          );
          expect(frames).toBe(told.length === 0 ? 0 : 1);
          for (const { params } of told)
            if (params.key !== undefined)
              expect(params.version).toBe(engine.getEntry(params.key)?.version.toString() ?? null);
        });
        model.endTurn();
      };
      const ask = (client: number, method: string, params?: object): void =>
        clients[client]!.send({ jsonrpc: '2.0', id: 0, method, params });
      for (const step of actions) {
        if (step.do === 'turn') await endTurn();
        else if (step.do === 'set') {
          if (step.who === CLIENTS) engine.set(step.key, 'v');
          else ask(step.who, 'set', { key: step.key, value: 'v' });
          model.changed(step.key, 'stored', step.who);
        } else if (step.do === 'delete') {
          const isThere = engine.has(step.key);
          if (step.who === CLIENTS) engine.delete(step.key);
          else ask(step.who, 'delete', { key: step.key });
          if (isThere) model.changed(step.key, 'deleted', step.who);
        } else if (step.do === 'flush') {
          if (step.who === CLIENTS) engine.clear();
          else ask(step.who, 'flush');
          if (model.subscriptions.flat().length > 0) model.cleared(step.who);
        } else if (step.do === 'subscribe') {
          const { prefixes, keys, noEcho } = step;
          // Between turns, so that it is plain what a client had asked for when something changed.
          await endTurn();
          if (prefixes.length + keys.length === 0) continue;
          const { subscription: number } = clients[step.who]!.call('subscribe', {
            prefixes,
            keys,
            noEcho,
          }) as { subscription: number };
          model.subscriptions[step.who]!.push({ number, prefixes, keys, noEcho });
        } else {
          await endTurn();
          const gone = model.subscriptions[step.who]!.splice(step.which, 1)[0];
          if (gone !== undefined) clients[step.who]!.call('unsubscribe', { subscription: gone.number });
        }
      }
      await endTurn();
      expect(engine.verify()).toEqual([]);
      expect(endpoint.errors).toEqual([]);
    }),
    { numRuns: Number(process.env.HOTSET_FUZZ_RUNS ?? 400) },
  );
});
