/** Answers to requests. All of them have the same strict headers. */

import type { ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  /** Added to those of every answer, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing may be stored, sniffed, framed, executed or referred to. */
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

/** Sends the answer, and ends the connection after a refusal. Node omits the body for HEAD. */
export function send(response: ServerResponse, { status, body, headers }: Answer, isLast: boolean): void {
  response.shouldKeepAlive &&= !isLast && status < 400;
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
