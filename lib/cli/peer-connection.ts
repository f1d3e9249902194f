/**
 * A connection to the server that `--warm-from` names: lines and values of its replies, in order. Reading stops while so
 * much is buffered as READ_AHEAD_BYTES, so that a peer that sends faster than its replies are used fills no memory.
 */

import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';
import { latin1Text } from '../items/key.js';
import type { Scheduler } from '../scheduler.js';
import type { TlsOptions } from '../tcp/index.js';

/** Where a peer listens. */
export type PeerAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly secure: boolean };

export interface PeerOptions {
  /** This server's own files: a peer's certificate is checked with its authorities, and gets its certificate. */
  readonly tls: Partial<TlsOptions>;
  /** Longer than that a peer may not be silent while it is waited for. */
  readonly silenceMs: number;
  readonly scheduler: Scheduler;
  readonly signal: AbortSignal;
}

/** Why the peer's items cannot be had: for the log. */
export class PeerError extends Error {}

const READ_AHEAD_BYTES = 256 * 1024;
const LINE_MAX_BYTES = 8 * 1024;
const NEWLINE = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

export class PeerConnection {
  readonly #socket: Socket;
  readonly #options: PeerOptions;
  #isOpen = false;
  /** What has arrived and is not read yet, without the first `#at` bytes. */
  #chunks: Buffer[] = [];
  #at = 0;
  #buffered = 0;
  /** Why nothing more comes. */
  #end: Error | null = null;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket, openEvent: string, options: PeerOptions) {
    this.#socket = socket;
    this.#options = options;
    const { signal } = options;
    const abort = (): void => this.#fail(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    socket.setNoDelay(true);
    socket.once(openEvent, () => {
      this.#isOpen = true;
      this.#wake?.();
    });
    socket.on('error', (error) => this.#fail(new PeerError(error.message)));
    socket.on('close', () => {
      signal.removeEventListener('abort', abort);
      this.#fail(new PeerError('it closed the connection'));
    });
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      if (this.#buffered >= READ_AHEAD_BYTES) socket.pause();
      this.#wake?.();
    });
  }

  /** Throws a PeerError, and the signal's reason. */
  static async open(address: PeerAddress, options: PeerOptions): Promise<PeerConnection> {
    options.signal.throwIfAborted();
    const isSecure = 'secure' in address && address.secure;
    let socket: Socket;
    try {
      socket = isSecure ? connectSecurely(secureOptions(address, options.tls)) : connect(address);
    } catch (error) {
      throw new PeerError((error as Error).message);
    }
    const peer = new PeerConnection(socket, isSecure ? 'secureConnect' : 'connect', options);
    await peer.#until(() => peer.#isOpen);
    return peer;
  }

  /** A latin1 character for each byte. */
  send(request: string): void {
    this.#socket.write(request, 'latin1');
  }

  /** The next line without its end, a latin1 character for each byte. Throws a PeerError. */
  async line(): Promise<string> {
    let searched = 0;
    for (;;) {
      const [chunk = NOTHING] = this.#chunks;
      const end = chunk.indexOf(NEWLINE, this.#at + searched);
      if (end >= 0) {
        const from = this.#at;
        this.#take(end + 1 - from);
        const to = end > from && chunk[end - 1] === 0x0d ? end - 1 : end;
        return latin1Text(chunk, from, to);
      }
      searched = chunk.length - this.#at;
      if (searched > LINE_MAX_BYTES) throw new PeerError('it sent a line that is too long');
      if (this.#chunks.length > 1) this.#joinFirstTwo();
      else await this.#more();
    }
  }

  /** The next bytes; they stay as they are until the next call. Throws a PeerError. */
  async bytes(count: number): Promise<Buffer> {
    if (count === 0) return NOTHING;
    while (this.#buffered === 0) await this.#more();
    const [first = NOTHING] = this.#chunks;
    if (first.length - this.#at >= count) {
      const bytes = first.subarray(this.#at, this.#at + count);
      this.#take(count);
      return bytes;
    }
    const whole = Buffer.allocUnsafeSlow(count);
    await this.#pass(count, (part, at) => part.copy(whole, at));
    return whole;
  }

  /** Passes over bytes. Throws a PeerError. */
  async skip(count: number): Promise<void> {
    await this.#pass(count, () => {});
  }

  close(): void {
    this.#socket.destroy();
  }

  async #pass(count: number, use: (part: Buffer, at: number) => void): Promise<void> {
    for (let at = 0; at < count; ) {
      while (this.#buffered === 0) await this.#more();
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(this.#at, this.#at + count - at);
      use(part, at);
      at += part.length;
      this.#take(part.length);
    }
  }

  #take(count: number): void {
    this.#at += count;
    this.#buffered -= count;
    if (this.#at < this.#chunks[0]!.length) return;
    this.#chunks.shift();
    this.#at = 0;
  }

  #joinFirstTwo(): void {
    const [first, second] = this.#chunks as [Buffer, Buffer];
    this.#chunks.splice(0, 2, Buffer.concat([first.subarray(this.#at), second]));
    this.#at = 0;
  }

  /** Waits for more bytes. */
  async #more(): Promise<void> {
    const before = this.#buffered;
    this.#socket.resume();
    await this.#until(() => this.#buffered > before);
  }

  /** Waits until `isDone`, which is asked whenever something has happened. Throws why nothing more comes. */
  async #until(isDone: () => boolean): Promise<void> {
    const { scheduler, silenceMs } = this.#options;
    const silent = new PeerError(`it has been silent for ${silenceMs / 1000} seconds`);
    const cancel = scheduler.schedule(silenceMs, () => this.#fail(silent));
    try {
      while (!isDone()) {
        if (this.#end !== null) throw this.#end;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    } finally {
      cancel();
    }
  }

  #fail(error: Error): void {
    this.#end ??= error;
    this.#socket.destroy();
    this.#wake?.();
  }
}

/** Files are read when the connection is made: they may have been renewed. */
function secureOptions(
  { host, port }: Extract<PeerAddress, { host: string }>,
  { caFile, certFile, keyFile = certFile, minVersion = 'TLSv1.2' }: Partial<TlsOptions>,
): ConnectionOptions {
  return {
    host,
    port,
    minVersion,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile), key: readFileSync(keyFile!) }),
  };
}
