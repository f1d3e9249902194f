/** `hotset/fastify`: a plugin that caches responses. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CacheEngine } from '../../index.js';
import type { ResponseCacheOptions } from '../response-cache/options.js';
import { observe, send } from '../response-cache/raw-response.js';
import { ResponseCache } from '../response-cache/response-cache.js';

export type { ResponseCacheOptions, ResponseHead } from '../response-cache/options.js';

/** What the plugin takes. A route's `config: { responseCache: … }` takes the same without `engine`, or `false`. */
export interface FastifyResponseCacheOptions extends ResponseCacheOptions<FastifyRequest> {
  /** Where responses are kept. */
  engine: CacheEngine<string, unknown>;
}

/** What the plugin adds to the server, as `fastify.responseCache`. */
export interface FastifyResponseCache {
  /** Forgets the responses under a key: by default host and URL, `'shop.example/products?page=2'`. Stores none that is under way. */
  invalidate(key: string): void;
  /** Forgets the responses that have one of the tags, those under way included, as `engine.invalidateTags` does. Returns how many it forgot. */
  invalidateTags(tags: readonly string[]): number;
  /** Forgets all responses, and stores none that is under way. */
  clear(): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Of `hotset/fastify`. */
    responseCache: FastifyResponseCache;
  }
  interface FastifyContextConfig {
    /** Options for this route, or `false` for no caching: of `hotset/fastify`. */
    responseCache?: ResponseCacheOptions<FastifyRequest> | false;
  }
}

/** On a request that may change what its URL stands for: takes the status of its response. */
const SETTLE = Symbol('hotset response cache');
/** Where a route's own cache is kept. */
const ROUTE_CACHE = Symbol('hotset response cache');

type Observed = FastifyRequest & { [SETTLE]?: (status: number) => void };
type RouteConfig = {
  responseCache?: ResponseCacheOptions<FastifyRequest> | false;
  [ROUTE_CACHE]?: ResponseCache<FastifyRequest>;
};

/**
 * `fastify.register(fastifyResponseCache, { engine, ttlMs: 60_000 })` caches the responses of all routes. Throws
 * `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`.
 */
export async function fastifyResponseCache(
  fastify: FastifyInstance,
  { engine, ...options }: FastifyResponseCacheOptions,
): Promise<void> {
  const cache = new ResponseCache<FastifyRequest>(engine, options);
  fastify.decorate('responseCache', {
    invalidate: (key) => cache.invalidate(key),
    invalidateTags: (tags) => cache.invalidateTags(tags),
    clear: () => cache.clear(),
  });

  // Bad options of a route are known when it is made; those of routes that were there before, with their first request.
  fastify.addHook('onRoute', ({ config }) => {
    if (config !== undefined) cacheOf(cache, config as RouteConfig);
  });

  fastify.addHook('onRequest', async (request: Observed, reply) => {
    const own = cacheOf(cache, request.routeOptions.config as RouteConfig);
    if (own === null) return;
    const { method, url, headers } = request.raw;
    const verdict = await own.begin({
      request,
      method: method!,
      url: url!,
      headers,
      host: request.host,
      isSecure: request.protocol === 'https',
      selector: fastify.hasConstraintStrategy('version')
        ? String(headers['accept-version'] ?? '')
        : undefined,
      isGone: () => reply.raw.closed,
    });
    switch (verdict.kind) {
      case 'gone':
        reply.hijack();
        return;
      case 'answer': {
        // Not by the hooks that made it: they would change it a second time.
        const { status, headers, body } = verdict.answer;
        reply.hijack();
        send(reply.raw, {
          status,
          body,
          headers: { ...(reply.getHeaders() as Record<string, string>), ...headers },
        });
        return;
      }
      case 'flight':
        observe(reply.raw, verdict.flight);
        return;
      case 'unsafe':
        request[SETTLE] = verdict.settle;
        return;
      case 'pass':
        if (verdict.cacheStatus !== null) reply.header('cache-status', verdict.cacheStatus);
    }
  });

  fastify.addHook('onSend', async (request: Observed, reply, payload) => {
    request[SETTLE]?.(reply.statusCode);
    return payload;
  });

  fastify.addHook('onResponse', async (request: Observed, reply) => {
    request[SETTLE]?.(reply.statusCode);
  });
}

// What the package fastify-plugin sets: the hooks are for all routes, not only for those of this plugin.
Object.assign(fastifyResponseCache, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'hotset/fastify',
});

function cacheOf(
  cache: ResponseCache<FastifyRequest>,
  config: RouteConfig,
): ResponseCache<FastifyRequest> | null {
  if (config.responseCache === false) return null;
  if (config.responseCache === undefined) return cache;
  config[ROUTE_CACHE] ??= cache.with(config.responseCache);
  return config[ROUTE_CACHE];
}
