/**
 * Answers on a socket that Node's HTTP server has detached: `upgrade` and `connect` have no ServerResponse.
 */

import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Refusal {
  readonly status: number;
  /** One line for the client. */
  readonly reason: string;
  /** Headers that the status requires. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with the refusal and closes the connection, whatever the client does. */
export function refuse(socket: Duplex, { status, reason, headers = {} }: Refusal): void {
  const body = `${reason}\n`;
  const head = Object.entries({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  // Bytes that have arrived already must not hold up the answer.
  socket.resume();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

/**
 * Calls `next` when the connection's earlier requests have been answered: at once where none is pending, never where
 * the connection ends with one of them. Node emits `upgrade` and `connect` as soon as it has read the request, and
 * takes its own listeners off the socket, while earlier requests of the same packet may still wait for their answers.
 */
export function afterEarlierAnswers(socket: Duplex, next: () => void): void {
  // Only Node knows which answers are pending, and it keeps the current one in this private field.
  const response = (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
  if (!response) {
    next();
    return;
  }
  const resumeAnswer = (): boolean => response.emit('drain');
  const cut = (): Duplex => socket.destroy();
  socket.on('drain', resumeAnswer).on('error', cut).on('timeout', cut);
  response.once('close', () => {
    socket.off('drain', resumeAnswer).off('error', cut).off('timeout', cut);
    if (!socket.destroyed && !socket.writableEnded) afterEarlierAnswers(socket, next);
  });
}
