/** Answers and flights on the responses of `node:http` and `node:http2`, whatever framework is above. */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Answer, Flight } from './flight.js';

const FLIGHT = Symbol('hotset response cache');
type Observed = ServerResponse & { [FLIGHT]?: Flight };

/** An inner cache takes over from an outer one: it would wait for its own request. */
export function takeOver(response: ServerResponse): void {
  (response as Observed)[FLIGHT]?.abandon();
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  response.end(body ?? undefined);
}

/** Offers what is written to `response`: its head before the first byte goes out, and its body as it goes. */
export function observe(response: ServerResponse, flight: Flight): void {
  (response as Observed)[FLIGHT] = flight;
  let isEnding = false;
  const { writeHead, write, end } = response;
  const before = response.getHeaders();
  let isOffered = false;
  let isReplaced = false;

  /** Whether the response is another one than the handler's. */
  const offer = (): boolean => {
    if (isOffered) return isReplaced;
    isOffered = true;
    const { fallback, cacheStatus } = flight.offer(response.statusCode, response.getHeaders(), before);
    if (fallback === null) {
      if (cacheStatus !== null) response.setHeader('cache-status', cacheStatus);
      return false;
    }
    Object.assign(response, { writeHead, write, end });
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    setHeaders(response, before);
    send(response, fallback);
    // What the handler goes on to write goes nowhere.
    Object.assign(response, { writeHead: () => response, write: () => true, end: () => response });
    isReplaced = true;
    return true;
  };

  const observed = {
    writeHead: (status: number, ...more: unknown[]) => {
      response.statusCode = status;
      const headers = more.at(-1);
      if (typeof headers === 'object' && headers !== null)
        setHeaders(response, headers as OutgoingHttpHeaders);
      if (typeof more[0] === 'string') response.statusMessage = more[0];
      return offer() ? response : Reflect.apply(writeHead, response, [status]);
    },
    write: (chunk: unknown, ...more: unknown[]) => {
      if (offer()) return true;
      if (!isEnding) flight.add(bytesOf(chunk, more[0]));
      return Reflect.apply(write, response, [chunk, ...more]);
    },
    end: (...all: unknown[]) => {
      if (offer()) return response;
      if (typeof all[0] !== 'function') flight.add(bytesOf(all[0], all[1]));
      // The end of an HTTP/2 response writes.
      isEnding = true;
      Reflect.apply(end, response, all);
      const finish = () => flight.finish(response.getHeaders());
      // Middleware around the cache may end it later, and then adds its headers.
      if (response.headersSent) finish();
      else response.once('finish', finish);
      return response;
    },
  };
  Object.assign(response, observed);
  response.once('close', () => flight.abandon());
  if (response.closed) flight.abandon();
}

/** As an object, or as a flat list of names and values, which `writeHead` also takes. */
function setHeaders(response: ServerResponse, headers: OutgoingHttpHeaders | readonly unknown[]): void {
  const pairs = Array.isArray(headers)
    ? Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i], headers[2 * i + 1]])
    : Object.entries(headers);
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    const lower = String(name).toLowerCase();
    if (seen.has(lower)) response.appendHeader(name, value);
    else response.setHeader(name, value);
    seen.add(lower);
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return new Uint8Array(0);
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}
