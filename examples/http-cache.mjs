/**
 * A server whose responses are cached, and a client whose requests are: Fastify with `hotset/fastify`, undici with `hotset/undici`.
 *
 *   npm install fastify undici
 *   node http-cache.mjs
 */

import fastify from 'fastify';
import { CacheEngine } from 'hotset';
import { fastifyResponseCache } from 'hotset/fastify';
import { HotsetCacheStore } from 'hotset/undici';
import { Agent, interceptors, request } from 'undici';

let renders = 0;
const app = fastify();
await app.register(fastifyResponseCache, {
  engine: new CacheEngine({ maxBytes: '64MiB' }),
  tags: (request) => [`product:${request.params.id}`],
});
app.get('/products/:id', async (request, reply) => {
  renders += 1;
  reply.header('cache-control', 'max-age=60');
  return { id: request.params.id, renders };
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });

for (let i = 0; i < 3; i++) await (await fetch(`${address}/products/1`)).text();
console.log('three requests,', renders, 'render');
app.responseCache.invalidateTags(['product:1']);
await (await fetch(`${address}/products/1`)).text();
console.log('after an invalidation,', renders, 'renders');

const store = new HotsetCacheStore(new CacheEngine({ maxBytes: '64MiB' }));
const dispatcher = new Agent().compose(interceptors.cache({ store }));
for (let i = 0; i < 3; i++) await (await request(`${address}/products/2`, { dispatcher })).body.text();
console.log('three requests of a client that caches,', renders, 'renders');

await dispatcher.close();
await app.close();
