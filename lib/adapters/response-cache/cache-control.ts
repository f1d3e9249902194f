/** What headers say about storing a response (RFC 9111). */

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Directive -> its argument, or '' for none; names in lower case. The first of two directives counts (4.2.1). */
export type Directives = ReadonlyMap<string, string>;

const DIRECTIVE = /([^\s,;=]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;]*)))?/g;

/** Reads a Cache-Control header: `no-store, max-age=60`. Linear in its length. */
export function directivesOf(header: unknown): Directives {
  const found = new Map<string, string>();
  for (const [, name, quoted, token] of textOf(header).matchAll(DIRECTIVE)) {
    const lower = name!.toLowerCase();
    if (!found.has(lower)) found.set(lower, quoted ?? token ?? '');
  }
  return found;
}

/** A directive in milliseconds; `undefined` where it is absent. */
export function directiveMs(directives: Directives, name: string): number | undefined {
  const argument = directives.get(name);
  return argument === undefined ? undefined : secondsMs(argument);
}

/** Seconds in milliseconds. What is no number of seconds is 0, for a directive stale (1.2.2, 4.2.1). */
export function secondsMs(text: string): number {
  return /^\d+$/.test(text) ? Math.min(Number(text), 2 ** 31) * 1000 : 0;
}

/** The names in a Vary header, in lower case and sorted; null for `*`, which no request matches. */
export function varyNames(header: unknown): readonly string[] | null {
  const names = textOf(header)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.includes('*') ? null : [...new Set(names)].sort();
}

/** How long a response stays fresh by its own headers; `undefined` where they do not say. */
export function freshMsOf(headers: OutgoingHttpHeaders, directives: Directives): number | undefined {
  const stated = directiveMs(directives, 's-maxage') ?? directiveMs(directives, 'max-age');
  if (stated !== undefined || headers.expires === undefined) return stated;
  const expires = Date.parse(textOf(headers.expires));
  const date = Date.parse(textOf(headers.date));
  // A date that cannot be read has passed (5.3).
  return Number.isNaN(expires) ? 0 : Math.max(0, expires - (Number.isNaN(date) ? Date.now() : date));
}

/** Whether the request's conditions are met by a stored response, so that 304 is the answer (RFC 9110, 13.2.2). */
export function isNotModified(request: IncomingHttpHeaders, headers: OutgoingHttpHeaders): boolean {
  const wanted = request['if-none-match'];
  if (wanted !== undefined) {
    const etag = weak(textOf(headers.etag));
    const listed = wanted.split(',').map((tag) => weak(tag.trim()));
    return listed.includes('*') || (etag !== '' && listed.includes(etag));
  }
  const since = request['if-modified-since'];
  const modified = Date.parse(textOf(headers['last-modified']));
  return since !== undefined && modified <= Date.parse(since);
}

/** A header as one text. */
export function textOf(header: unknown): string {
  return header === undefined ? '' : Array.isArray(header) ? header.join(', ') : String(header);
}

function weak(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}
