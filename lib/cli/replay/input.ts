/** Lines of a file (gzip or not), of standard input, or of a server's `watch`, in bounded memory. */

import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { StartError, UsageError } from '../errors.js';

/** Longer lines are cut, and so are bad lines to whoever reads them. */
export const LINE_MAX_LENGTH = 65_536;
const CONNECT_TIMEOUT_MS = 5000;
const HANG_UP_MS = 300;
const WATCH = 'watch fetchers mutations deletions\r\n';
/** For a memcached that does not know deletions, such as 1.6.18, and answers with ERROR. */
const WATCH_OF_OLD = 'watch fetchers mutations\r\n';

/** The lines of a text that arrives in pieces; what is longer than a line may be is cut off. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string[], void, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = chunk.split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    if (rest.length > LINE_MAX_LENGTH) rest = rest.slice(0, LINE_MAX_LENGTH + 1);
    yield lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  }
  if (rest !== '') yield [rest];
}

/** `-` is standard input. Its first bytes tell gzip, and the UTF-16 that PowerShell writes. Throws a StartError for what cannot be read. */
export async function* fileChunks(file: string): AsyncGenerator<string, void, undefined> {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  try {
    const pieces = fromStart(source);
    const first = await pieces.next();
    if (first.done === true) return;
    const [a, b] = first.value;
    const whole = Readable.from(joined(first.value, pieces), { objectMode: false });
    const isGzip = a === 0x1f && b === 0x8b;
    const stream = isGzip ? whole.pipe(createGunzip()) : whole;
    // An error of the file would otherwise not end what is piped from it.
    if (isGzip) whole.on('error', (error) => stream.destroy(error));
    stream.setEncoding(a === 0xff && b === 0xfe ? 'utf16le' : 'utf8');
    let isFirst = true;
    for await (const chunk of stream) {
      const text = chunk as string;
      yield isFirst && text.startsWith('\ufeff') ? text.slice(1) : text;
      isFirst = false;
    }
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** The pieces of a stream, of which the first has two bytes at least, where there are so many. */
async function* fromStart(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let start: Buffer | null = Buffer.alloc(0);
  for await (const piece of source) {
    if (start === null) yield piece;
    else {
      start = Buffer.concat([start, piece]);
      if (start.length < 2) continue;
      yield start;
      start = null;
    }
  }
  if (start !== null && start.length > 0) yield start;
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  yield* rest;
}

const ADDRESS = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/;

/** What a server's clients ask for during so many seconds, or until `stop` is called. */
export function sampledChunks(
  address: string,
  seconds: number,
): { chunks: AsyncIterable<string>; stop: () => void } {
  const [, v6, host, port] = ADDRESS.exec(address) ?? [];
  if (port === undefined || Number(port) > 65_535 || Number(port) < 1)
    throw new UsageError(`--sample takes host:port of a memcached or hotset; got ${address}`);
  let timer: NodeJS.Timeout | undefined;
  const socket = connect(Number(port), v6 ?? host!);
  socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('it did not answer')));
  socket.once('connect', () => {
    socket.write(WATCH);
    timer = setTimeout(stop, seconds * 1000);
  });
  socket.once('data', () => socket.setTimeout(0));
  // Otherwise the process would wait for the time to end, though the server has gone.
  socket.once('close', () => clearTimeout(timer));
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    clearTimeout(timer);
    // Lines on their way still come; a server that does not hang up is left after a moment.
    socket.end();
    setTimeout(() => socket.destroy(), HANG_UP_MS);
  };
  return { chunks: watchLines(socket, address, () => isStopped), stop };
}

async function* watchLines(
  socket: Socket,
  address: string,
  isStopped: () => boolean,
): AsyncGenerator<string, void, undefined> {
  socket.setEncoding('latin1');
  let isFirst = true;
  let isOld = false;
  try {
    for await (const chunk of socket) {
      const text = chunk as string;
      if (isFirst && !isOld && text === 'ERROR\r\n') {
        isOld = true;
        socket.write(WATCH_OF_OLD);
        continue;
      }
      if (isFirst && !text.startsWith('OK'))
        throw new Error(`it answers watch with ${JSON.stringify(text.slice(0, 60).trimEnd())}`);
      isFirst = false;
      yield text;
    }
    if (isFirst && !isStopped()) throw new Error('it hung up');
  } catch (error) {
    // What it has sent is a trace all the same.
    if (isFirst && !isStopped())
      throw new StartError(`${address} cannot be sampled: ${(error as Error).message}`);
  } finally {
    socket.destroy();
  }
}
