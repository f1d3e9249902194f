/**
 * ResponseCache: a shared cache of HTTP responses (RFC 9111) in an engine, for any framework.
 *
 * A request is begun and gets a verdict: a stored answer, or that it passes by, or a **flight**: what its handler sends
 * is offered to the cache. There is one flight for each key; requests that come meanwhile wait for it.
 *
 * Under a request's key is its response; or, where that varies, a mark: which headers it varies by. A response that
 * varies is under a key of its own, made of the mark's number and of those headers. Nobody finds it once the mark is
 * gone, and LRU removes it.
 *
 * The only state is the engine's TTL, how long a response is kept: the time left gives its age.
 */

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { storeOf } from '../../engine/cache-engine.js';
import { Invalidations } from '../../engine/invalidations.js';
import { checkTags } from '../../engine/tags.js';
import { invalidArgument } from '../../errors.js';
import { CacheEngine } from '../../index.js';
import { textArgument } from '../../options.js';
import {
  directiveMs,
  directivesOf,
  freshMsOf,
  isNotModified,
  secondsMs,
  textOf,
  varyNames,
} from './cache-control.js';
import { type Answer, Flight, type FlightPlan } from './flight.js';
import {
  checkNames,
  type ResolvedOptions,
  type ResponseCacheOptions,
  resolveResponseCache,
} from './options.js';

/** What the cache needs of a framework's request. */
export interface RequestView<R> {
  /** The framework's own, for the user's functions. */
  readonly request: R;
  readonly method: string;
  /** Whether it came by https: its responses are apart from those by http (RFC 9111, 2). */
  readonly isSecure: boolean;
  /** The host as the framework has it, which may trust a proxy for it. Default: that of the headers. */
  readonly host?: string | undefined;
  /** What else of the request chooses its handler, as a version does. */
  readonly selector?: string | undefined;
  /** Whether its client has left. */
  readonly isGone?: () => boolean;
  /** Path and query, as the client sent them. */
  readonly url: string;
  /** Conditions (`if-none-match` and the like) are removed for a flight, so that the handler's answer is whole. */
  readonly headers: IncomingHttpHeaders;
}

/** What becomes of a request. `cacheStatus`: the header of that name; null for none. */
export type Verdict =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'pass'; readonly cacheStatus: string | null }
  /** It may change what the URL stands for: `settle` takes the status of its response. */
  | { readonly kind: 'unsafe'; readonly settle: (status: number) => void }
  /** Its client has left while it waited. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'flight'; readonly flight: Flight };

interface StoredResponse {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
  /** How old it was when it was stored. */
  readonly ageMs: number;
  readonly freshMs: number;
  /** `freshMs`, and how long it may answer for a handler that fails. */
  readonly keptMs: number;
  /** Whether it says that it is for everybody, whatever credentials a request has. */
  readonly isPublic: boolean;
  readonly vary: readonly string[];
}

/** In the place of responses that vary. */
interface VaryMark {
  readonly vary: readonly string[];
  readonly number: number;
}

/** A response that is kept, and how long it still is. */
interface Found {
  readonly response: StoredResponse;
  readonly leftMs: number;
}

/** RFC 9110, 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const CREDENTIALS = ['authorization', 'cookie'] as const;
/** Of one connection (RFC 9110, 7.6.1), or made anew for each answer. */
const NOT_STORED: ReadonlySet<string> = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Behind host and URL, which have no blanks. */
const SECURE = ' https';
/** The handler's affair: what it answers is not for others, or (a body) depends on what is not in the key. */
const PASSES = ['range', 'if-match', 'if-unmodified-since', 'transfer-encoding'] as const;
/** A request that meets so many flights of others, each for another variant, is served by itself. */
const MAX_WAITS = 3;

/** What a cache and those made of it by `with` have in common. */
interface UnderWay {
  /** By what others wait under. */
  readonly flights: Map<string, Flight>;
  /** What the bodies of all of them hold. */
  bytes: number;
  /** Whether a key has ever had a selector behind it. */
  hasSelectors: boolean;
}

export class ResponseCache<R> {
  readonly #engine: CacheEngine<string, StoredResponse | VaryMark>;
  readonly #given: ResponseCacheOptions<R>;
  readonly #options: ResolvedOptions<R>;
  readonly #underWay: UnderWay;
  readonly #invalidations: Invalidations;

  /** Throws `HOTSET_INVALID_ARGUMENT` for anything but a `CacheEngine`, and `HOTSET_INVALID_OPTION`. */
  constructor(
    engine: CacheEngine<string, unknown>,
    options: ResponseCacheOptions<R> = {},
    underWay: UnderWay = { flights: new Map(), bytes: 0, hasSelectors: false },
  ) {
    if (!(engine instanceof CacheEngine)) throw invalidArgument('engine', 'a CacheEngine', engine);
    const store = storeOf(engine);
    if (store.slides)
      throw invalidArgument(
        'engine',
        "one whose ttlFrom is 'write': the time left is the response's age",
        engine,
      );
    store.invalidations ??= new Invalidations();
    this.#invalidations = store.invalidations as Invalidations;
    this.#engine = engine as CacheEngine<string, StoredResponse | VaryMark>;
    this.#given = options;
    this.#options = resolveResponseCache(options);
    this.#underWay = underWay;
  }

  /** The same cache with other options for some requests. Throws `HOTSET_INVALID_OPTION`. */
  with(options: ResponseCacheOptions<R>): ResponseCache<R> {
    // Spread, anything else would be no options.
    checkNames(options);
    return new ResponseCache(
      this.#engine as CacheEngine<string, unknown>,
      { ...this.#given, ...options },
      this.#underWay,
    );
  }

  /** What becomes of a request; a promise where it waits for another one of its key. Throws what the user's functions throw. */
  begin(view: RequestView<R>): Verdict | Promise<Verdict> {
    const { method, headers, request } = view;
    const key = this.#keyOf(view);
    if (!SAFE.has(method)) return this.#unsafe(key);
    if (
      key === null ||
      (method !== 'GET' && method !== 'HEAD') ||
      PASSES.some((name) => headers[name] !== undefined) ||
      Number(headers['content-length'] ?? 0) > 0 ||
      directivesOf(headers['cache-control']).has('no-store') ||
      this.#options.bypass(request)
    )
      return this.#pass('bypass');
    const chosen = this.#selectorsOf(view)
      .map((selector) => `\n${selector}`)
      .join('');
    if (chosen !== '') this.#underWay.hasSelectors = true;
    const scheme = view.isSecure && this.#options.key === null ? SECURE : '';
    return this.#look(view, key + scheme + chosen, 0);
  }

  /** Forgets the responses under a key, and stores none that is under way. Throws `HOTSET_INVALID_ARGUMENT`. */
  invalidate(key: string): void {
    this.#forget(this.#options.keyPrefix + textArgument('key', key));
  }

  /** `engine.invalidateTags`, which also concerns responses under way. */
  invalidateTags(tags: readonly string[]): number {
    return this.#engine.invalidateTags(tags);
  }

  /** Forgets all responses, and stores none that is under way. */
  clear(): void {
    this.#engine.deletePrefix(this.#options.keyPrefix);
    for (const flight of this.#underWay.flights.values()) flight.abandon();
  }

  #forget(key: string): void {
    for (const each of [key, key + SECURE]) {
      this.#engine.delete(each);
      // O(entries), for servers whose routes have versions.
      if (this.#underWay.hasSelectors) this.#engine.deletePrefix(`${each}\n`);
      for (const [slotKey, flight] of this.#underWay.flights)
        if (slotKey === each || slotKey.startsWith(`${each}\n`)) flight.abandon();
    }
  }

  /** What requests of one key may differ in. A handler may look at the host of the headers, whatever the framework trusts. */
  #selectorsOf({ host, headers, selector }: RequestView<R>): string[] {
    const sent = hostOf(headers);
    const isOther = this.#options.key === null && host !== undefined && host.toLowerCase() !== sent;
    return [...(selector === undefined ? [] : [selector]), ...(isOther ? [sent] : [])];
  }

  #keyOf({ request, url, headers, host = hostOf(headers) }: RequestView<R>): string | null {
    const { key, keyPrefix } = this.#options;
    const own = key === null ? ownKey(url, host) : key(request);
    if (own !== null && typeof own !== 'string')
      throw invalidArgument('key', 'a function that returns a text or null', own);
    return own === null ? null : keyPrefix + own;
  }

  /** A write that succeeds makes what is stored of its URL invalid (RFC 9111, 4.4). */
  #unsafe(key: string | null): Verdict {
    return {
      kind: 'unsafe',
      settle: (status) => {
        if (key !== null && status >= 200 && status < 400) this.#forget(key);
      },
    };
  }

  #pass(reason: string): Verdict {
    return { kind: 'pass', cacheStatus: this.#said(`fwd=${reason}`) };
  }

  #said(what: string): string | null {
    return this.#options.cacheStatus ? `hotset; ${what}` : null;
  }

  #look(view: RequestView<R>, key: string, waits: number): Verdict | Promise<Verdict> {
    const first = this.#engine.get(key);
    const varies = isMark(first);
    const slotKey = varies ? variantKey(key, first, view.headers) : key;
    const found = this.#found(slotKey, varies ? this.#engine.get(slotKey) : first, view.headers);
    if (found !== null && ageMsOf(found) < found.response.freshMs)
      return { kind: 'answer', answer: this.#answer(view, found) };

    const reason = found !== null ? 'stale' : varies ? 'vary-miss' : 'uri-miss';
    if (view.method === 'HEAD' || waits === MAX_WAITS) return this.#pass(reason);
    // What comes back for credentials is most likely for one person: it waits for nobody, and nobody waits for it.
    const flightKey = hasCredentials(view.headers) ? `${slotKey}\nalone ${Math.random()}` : slotKey;
    const running = this.#underWay.flights.get(flightKey);
    if (running === undefined)
      return { kind: 'flight', flight: this.#start(view, key, flightKey, found, reason) };
    if (running.isOverdue) return this.#pass(reason);
    return running.settled(this.#options.maxWaitMs).then((outcome) => {
      if (outcome === 'failed' && found !== null)
        return { kind: 'answer', answer: this.#answer(view, found) };
      if (view.isGone?.()) return { kind: 'gone' };
      // One whose client has left says nothing of others.
      if (outcome === 'gone') return this.#look(view, key, waits);
      if (outcome === 'stored') return this.#look(view, key, waits + 1);
      return this.#pass(reason);
    });
  }

  /** The response that the request may have, fresh or not. */
  #found(
    slotKey: string,
    response: StoredResponse | VaryMark | undefined,
    headers: IncomingHttpHeaders,
  ): Found | null {
    if (response === undefined || isMark(response) || !mayHave(response, headers)) return null;
    return { response, leftMs: this.#engine.remainingTtlMs(slotKey)! };
  }

  #answer({ method, headers: request }: RequestView<R>, found: Found): Answer {
    const { status, headers, body, freshMs } = found.response;
    const ageMs = ageMsOf(found);
    const said = this.#said(`hit; ttl=${Math.floor((freshMs - ageMs) / 1000)}`);
    const sent = {
      ...copied(headers),
      age: String(Math.floor((found.response.ageMs + ageMs) / 1000)),
      ...(said !== null && { 'cache-status': said }),
    };
    if (status === 200 && isNotModified(request, headers)) return { status: 304, headers: sent, body: null };
    return {
      status,
      headers: status === 204 ? sent : { ...sent, 'content-length': String(body.length) },
      body: method === 'HEAD' ? null : body,
    };
  }

  #start(view: RequestView<R>, key: string, flightKey: string, stale: Found | null, reason: string): Flight {
    const { maxBodyBytes, maxUnfinishedBytes } = this.#options;
    const since = this.#invalidations.count;
    const asSent = { ...view, headers: { ...view.headers } };
    delete view.headers['if-none-match'];
    delete view.headers['if-modified-since'];
    const flight = new Flight({
      maxBodyBytes,
      fallback: stale === null ? null : () => this.#answer(asSent, stale),
      plan: (status, headers, before) => this.#plan(asSent, key, status, headers, before, since),
      isVetoed: (sent) =>
        sent['set-cookie'] !== undefined ||
        ['no-store', 'private'].some((name) => directivesOf(sent['cache-control']).has(name)),
      said: (isStored) => {
        if (isStored) return this.#said(`fwd=${reason}; stored`);
        return this.#said(
          hasCredentials(asSent.headers) ? 'fwd=bypass; detail=credentials' : `fwd=${reason}`,
        );
      },
      hold: (bytes) => {
        if (this.#underWay.bytes + bytes > maxUnfinishedBytes) return false;
        this.#underWay.bytes += bytes;
        return true;
      },
      onSettled: (heldBytes) => {
        this.#underWay.bytes -= heldBytes;
        this.#underWay.flights.delete(flightKey);
      },
    });
    this.#underWay.flights.set(flightKey, flight);
    return flight;
  }

  /** How a response is to be stored; null where it must not be. */
  #plan(
    view: RequestView<R>,
    key: string,
    status: number,
    headers: OutgoingHttpHeaders,
    before: OutgoingHttpHeaders,
    since: number,
  ): FlightPlan | null {
    const { ttlMsOf, staleOnErrorMs, tags } = this.#options;
    const directives = directivesOf(headers['cache-control']);
    const vary = varyNames(headers.vary);
    const isPublic = directives.has('public') || directives.has('s-maxage');
    const ageMs = secondsMs(textOf(headers.age));
    const freshMs = (freshMsOf(headers, directives) ?? ttlMsOf(status)) - ageMs;
    if (
      status < 200 ||
      status === 206 ||
      status === 304 ||
      vary === null ||
      !(freshMs > 0) ||
      headers['set-cookie'] !== undefined ||
      ['no-store', 'no-cache', 'private'].some((name) => directives.has(name)) ||
      !mayHave({ isPublic, vary }, view.headers)
    )
      return null;
    const staleMs = ['must-revalidate', 'proxy-revalidate'].some((name) => directives.has(name))
      ? 0
      : (directiveMs(directives, 'stale-if-error') ?? staleOnErrorMs);
    const keptMs = freshMs + staleMs;
    const own = Object.entries(headers).filter(([name, value]) => before[name] !== value);
    const kept = storedHeaders(Object.fromEntries(own));
    const ownTags = tags?.(view.request, { status, headers }) ?? [];
    checkTags(ownTags);
    const options = { ttlMs: keptMs, tags: ownTags };
    const head = { status, headers: kept, ageMs, freshMs, keptMs, isPublic, vary };
    return {
      store: (body) => {
        if (this.#invalidations.concern(ownTags, since)) return false;
        const slotKey =
          vary.length === 0 ? key : variantKey(key, this.#mark(key, vary, keptMs), view.headers);
        return this.#engine.set(slotKey, { ...head, body }, options) === 'stored';
      },
    };
  }

  /** The mark under `key`: the one that is there, where it says the same. It stays as long as its responses. */
  #mark(key: string, vary: readonly string[], keptMs: number): VaryMark {
    const there = this.#engine.peek(key);
    const isSame = isMark(there) && there.vary.join() === vary.join();
    const mark = isSame ? there : { vary, number: Math.random() };
    const leftMs = isSame ? this.#engine.remainingTtlMs(key)! : 0;
    this.#engine.set(key, mark, { ttlMs: Math.max(keptMs, leftMs) });
    return mark;
  }
}

function hasCredentials(headers: IncomingHttpHeaders): boolean {
  return CREDENTIALS.some((name) => headers[name] !== undefined);
}

/** Host and URL. Null for what does not say where the one ends: `Host: a.example/b` and `/c` would be `a.example` and `/b/c`. */
function ownKey(url: string, host: string): string | null {
  return url.startsWith('/') && /^[^\s/?#@\\]*$/.test(host) ? host.toLowerCase() + url : null;
}

function hostOf(headers: IncomingHttpHeaders): string {
  return textOf(headers.host ?? headers[':authority']).toLowerCase();
}

function isMark(stored: StoredResponse | VaryMark | undefined): stored is VaryMark {
  return stored !== undefined && 'number' in stored;
}

function ageMsOf({ response, leftMs }: Found): number {
  return response.keptMs - leftMs;
}

/** A request with credentials may have a response that is for everybody, or that varies by them (compare RFC 9111, 3.5). */
function mayHave(
  { isPublic, vary }: Pick<StoredResponse, 'isPublic' | 'vary'>,
  headers: IncomingHttpHeaders,
): boolean {
  return isPublic || CREDENTIALS.every((name) => headers[name] === undefined || vary.includes(name));
}

function variantKey(key: string, { vary, number }: VaryMark, headers: IncomingHttpHeaders): string {
  return [key, number, ...vary.map((name) => textOf(headers[name]))].join('\n');
}

function storedHeaders(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const ofConnection = new Set(
    textOf(headers.connection)
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  return copied(
    Object.fromEntries(
      Object.entries(headers).filter(
        ([name, value]) => value !== undefined && !NOT_STORED.has(name) && !ofConnection.has(name),
      ),
    ),
  );
}

/** With lists of its own: middleware adds to those of a response. */
function copied(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const copy = { ...headers };
  for (const name in copy) {
    const value = copy[name];
    if (Array.isArray(value)) copy[name] = [...value];
  }
  return copy;
}
