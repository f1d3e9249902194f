/** What a request is answered with, and how it goes out: each answer has the same strict headers. */

import type { ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  /** Beside or in place of those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing is kept, guessed, framed, run or told to others. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Content-Type': 'text/plain; charset=utf-8',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** An answer of one line of text. */
export function line(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: `${text}\n`, headers };
}

/** Sends it, and ends the connection after a refusal. Node leaves the body out where the request was a HEAD. */
export function send(response: ServerResponse, { status, body, headers }: Answer, isLast: boolean): void {
  response.shouldKeepAlive &&= !isLast && status < 400;
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
