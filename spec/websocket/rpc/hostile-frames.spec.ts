/** Whatever arrives, nothing is thrown, every reply is a response of JSON-RPC, and the engine is whole. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { METHODS, type MethodName } from '../../../lib/rpc-protocol.js';
import { Endpoint, turn } from './fixture.js';

const RUNS = Number(process.env.HOTSET_FUZZ_RUNS ?? 1000);

const number = fc.constantFrom(0, 1, -1, 0.5, 5, 1e9, 2 ** 32, 2 ** 53, 1e308, -0);
const key = fc.constantFrom('a', 'b', 'n', 'é', '', 'a b', '__proto__', 'k'.repeat(251), '\ud800');
const version = fc.constantFrom('1', '2', '0', '18446744073709551615', '1'.repeat(20), 'x');
const anything = fc.oneof(
  key,
  number,
  version,
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Params that may be right, each of which may be wrong. */
const params = fc.record(
  {
    key: fc.oneof({ weight: 5, arbitrary: key }, anything),
    keys: fc.oneof({ weight: 5, arbitrary: fc.array(key, { maxLength: 4 }) }, anything),
    prefixes: fc.array(fc.oneof({ weight: 5, arbitrary: key }, anything), { maxLength: 3 }),
    value: fc.oneof(fc.constantFrom('5', 'text', 'x'.repeat(3000), { a: 1 }), fc.jsonValue({ maxDepth: 2 })),
    base64: fc.oneof(fc.base64String({ maxLength: 20 }), anything),
    ttlMs: fc.oneof(number, anything),
    flags: fc.oneof(number, anything),
    by: number,
    version: fc.oneof(version, anything),
    subscription: number,
    noEcho: fc.boolean(),
    limit: number,
    as: fc.constantFrom('base64', 'text'),
  },
  { requiredKeys: [] },
);

/** A request whose params are mostly those that its method takes. */
const request = fc
  .tuple(
    fc.constantFrom(...(Object.keys(METHODS) as MethodName[])),
    params,
    fc.oneof(fc.nat(), fc.constant(undefined), anything),
    fc.boolean(),
  )
  .map(([method, given, id, keepsAll]) => {
    const names = Object.keys(METHODS[method].params);
    const kept = Object.entries(given).filter(([name]) => keepsAll || names.includes(name));
    return { jsonrpc: '2.0', id, method, params: Object.fromEntries(kept) };
  });

const message = fc.oneof(
  { weight: 4, arbitrary: request },
  { weight: 2, arbitrary: fc.array(fc.oneof(request, anything), { maxLength: 8 }) },
  { weight: 1, arbitrary: anything },
);

const frame = fc.oneof(
  { weight: 6, arbitrary: message.map((json) => Buffer.from(JSON.stringify(json))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    // Cut, or with a byte that is another.
    arbitrary: fc
      .tuple(message, fc.nat({ max: 200 }), fc.nat({ max: 255 }), fc.boolean())
      .map(([json, at, byte, cuts]) => {
        const bytes = Buffer.from(JSON.stringify(json));
        if (cuts) return bytes.subarray(0, at);
        if (at < bytes.length) bytes[at] = byte;
        return bytes;
      }),
  },
);

function checkResponse(response: unknown): void {
  const { jsonrpc, id, result, error, method, ...rest } = response as Record<string, unknown>;
  expect(jsonrpc).toBe('2.0');
  if (method !== undefined) {
    expect(['invalidated', 'invalidatedAll', 'lagged']).toContain(method);
    return;
  }
  expect(rest).toEqual({});
  expect(id === null || typeof id === 'string' || typeof id === 'number').toBe(true);
  if (error === undefined) expect(result).not.toBeUndefined();
  else {
    expect(result).toBeUndefined();
    expect(error).toMatchObject({
      code: expect.any(Number) as number,
      message: expect.any(String) as string,
    });
    expect((error as { code: number }).code).not.toBe(-32603);
  }
}

it('answers whatever arrives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 30 }),
      fc.constantFrom(1, 3, 512),
      fc.boolean(),
      async (frames, requestsPerTurn, evict) => {
        const endpoint = new Endpoint(
          { maxReplyBytes: 5000, maxUnsentBytes: 3000, maxBatch: 6, maxSubscriptions: 3 },
          { maxItemBytes: 2048, requestsPerTurn },
          { maxBytes: 8000, evict },
        );
        const clients = [endpoint.connect(), endpoint.connect()];
        frames.forEach((bytes, i) => {
          clients[i % 2]!.send(bytes);
          endpoint.clock.advance(1);
        });
        while (clients.some(({ handler }) => handler.state !== 'conn_read')) await turn();
        await turn();
        for (const client of clients) {
          for (const text of client.texts()) {
            const reply = JSON.parse(text) as unknown;
            if (Array.isArray(reply)) expect(reply.length).toBeGreaterThan(0);
            for (const response of Array.isArray(reply) ? reply : [reply]) checkResponse(response);
          }
          expect(client.sink.ended).toBeNull();
          expect(await client.ask('ping')).toBe('pong');
          client.handler.onClose();
        }
        endpoint.context.close();
        expect(endpoint.errors).toEqual([]);
        expect(endpoint.engine.verify()).toEqual([]);
      },
    ),
    { numRuns: RUNS },
  );
});
