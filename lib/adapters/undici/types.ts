/**
 * The contract of undici's cache interceptor, versions 7 and 8, in types of our own: undici itself is not imported.
 * spec/adapters/undici.spec.ts checks that they fit undici's.
 */

/** A request, as undici names it. */
export interface CacheKey {
  /** Scheme, host and port. */
  origin: string;
  /** The method, in capitals. */
  method: string;
  /** Path and query. */
  path: string;
  /** The request's headers; names are in lower case. */
  headers?: Record<string, string | string[]>;
}

/** What `Cache-Control` said, as undici parses it. */
export interface CacheControlDirectives {
  /** Seconds. */
  'max-stale'?: number;
  /** Seconds. */
  'min-fresh'?: number;
  /** Seconds. */
  'max-age'?: number;
  /** Seconds. */
  's-maxage'?: number;
  /** Seconds. */
  'stale-while-revalidate'?: number;
  /** Seconds. */
  'stale-if-error'?: number;
  /** Present or absent. */
  public?: true;
  /** Present, or the headers that it names. */
  private?: true | string[];
  /** Present or absent. */
  'no-store'?: true;
  /** Present, or the headers that it names. */
  'no-cache'?: true | string[];
  /** Present or absent. */
  'must-revalidate'?: true;
  /** Present or absent. */
  'proxy-revalidate'?: true;
  /** Present or absent. */
  immutable?: true;
  /** Present or absent. */
  'no-transform'?: true;
  /** Present or absent. */
  'must-understand'?: true;
  /** Present or absent. */
  'only-if-cached'?: true;
}

/** A response without its body. Times are Unix time in milliseconds. */
export interface CacheValue {
  /** The status. */
  statusCode: number;
  /** The text beside it. */
  statusMessage: string;
  /** The response's headers. */
  headers: Record<string, string | string[]>;
  /** The request headers that the response depends on, with the values that they had; null for an absent one. */
  vary?: Record<string, string | string[] | null>;
  /** Its validator. */
  etag?: string;
  /** What its `Cache-Control` said. */
  cacheControlDirectives?: CacheControlDirectives;
  /** When it was made. */
  cachedAt: number;
  /** When it stops being fresh. */
  staleAt: number;
  /** When it must no longer be returned. */
  deleteAt: number;
}

/** What `get` returns. It is what the cache holds: do not change it. */
export interface CachedResponse extends CacheValue {
  /** What its `Cache-Control` said. */
  cacheControlDirectives: CacheControlDirectives;
  /** The body in one piece; empty for none. */
  body: Buffer[];
}
