/** `hotset/express`: a cache of responses for Express, and for any server of `(request, response, next)`. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheEngine } from '../../index.js';
import type { ResponseCacheOptions } from '../response-cache/options.js';
import { observe, send, takeOver } from '../response-cache/raw-response.js';
import { ResponseCache, type Verdict } from '../response-cache/response-cache.js';

export type { ResponseCacheOptions, ResponseHead } from '../response-cache/options.js';

type Next = (error?: unknown) => void;

/** Middleware that answers from a cache: `app.use(cached)`, or `app.get('/', cached.with({ ttlMs: 5_000 }), handler)`. */
export interface CacheMiddleware<R extends IncomingMessage> {
  (request: R, response: ServerResponse, next: Next): void;
  /** The same cache with other options, for some routes. Throws `HOTSET_INVALID_OPTION`. */
  with(options: ResponseCacheOptions<R>): CacheMiddleware<R>;
  /** Forgets the responses under a key: by default host and URL, `'shop.example/products?page=2'`. Stores none that is under way. */
  invalidate(key: string): void;
  /** Forgets the responses that have one of the tags, those under way included, as `engine.invalidateTags` does. Returns how many it forgot. */
  invalidateTags(tags: readonly string[]): number;
  /** Forgets all responses, and stores none that is under way. */
  clear(): void;
}

/** Caches the responses of what comes after it, in `engine`. Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION`. */
export function responseCache<R extends IncomingMessage = IncomingMessage>(
  engine: CacheEngine<string, unknown>,
  options: ResponseCacheOptions<R> = {},
): CacheMiddleware<R> {
  return middlewareOf(new ResponseCache<R>(engine, options));
}

function middlewareOf<R extends IncomingMessage>(cache: ResponseCache<R>): CacheMiddleware<R> {
  const middleware = (request: R, response: ServerResponse, next: Next) => {
    const act = (verdict: Verdict) => carryOut(verdict, response, next);
    try {
      takeOver(response);
      const verdict = cache.begin({
        request,
        method: request.method!,
        // Express cuts the mount path off `url`.
        url: 'originalUrl' in request ? String(request.originalUrl) : request.url!,
        headers: request.headers,
        // Express heeds `trust proxy`, for both.
        ...('host' in request && { host: String(request.host ?? '') }),
        isSecure: 'secure' in request ? request.secure === true : 'encrypted' in request.socket,
        isGone: () => response.closed,
      });
      if (verdict instanceof Promise) verdict.then(act).catch(next);
      else act(verdict);
    } catch (error) {
      next(error);
    }
  };
  return Object.assign(middleware, {
    with: (options: ResponseCacheOptions<R>) => middlewareOf(cache.with(options)),
    invalidate: (key: string) => cache.invalidate(key),
    invalidateTags: (tags: readonly string[]) => cache.invalidateTags(tags),
    clear: () => cache.clear(),
  });
}

function carryOut(verdict: Verdict, response: ServerResponse, next: Next): void {
  if (verdict.kind === 'answer') {
    send(response, verdict.answer);
    return;
  }
  if (verdict.kind === 'gone') return;
  if (verdict.kind === 'flight') observe(response, verdict.flight);
  else if (verdict.kind === 'unsafe') settleAtEnd(response, verdict.settle);
  else if (verdict.cacheStatus !== null) response.setHeader('cache-status', verdict.cacheStatus);
  next();
}

/** When the handler is done, whether or not its client still is there. */
function settleAtEnd(response: ServerResponse, settle: (status: number) => void): void {
  const { end } = response;
  response.end = ((...all: unknown[]) => {
    settle(response.statusCode);
    return Reflect.apply(end, response, all);
  }) as typeof response.end;
  response.once('close', () => settle(response.statusCode));
}
