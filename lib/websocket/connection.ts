/**
 * One client's WebSocket, as the outlet of its conversation. Owns the frames both ways and the signs of life;
 * knows nothing of what is said.
 *
 * Once it has ended, nothing is sent and nothing that still comes is passed on.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { CloseReason, Peer } from '../memcached/watch/lines.js';
import { BINARY_FRAME, TEXT_FRAME, writeFrame } from './frames.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';

/** What a frame that waits costs beside its bytes: else a client that reads nothing would be cheap in tiny frames. */
const FRAME_OVERHEAD_BYTES = 256;

/** What the endpoint wants to know of its connections. */
export interface ConnectionObserver {
  onRead(bytes: number): void;
  onWritten(bytes: number): void;
  onClose(connection: Connection): void;
  /** Takes what a listener of the engine threw; never throws. */
  onError(error: unknown): void;
}

type Addresses = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** An end of a connection; both undefined for a Unix socket. */
export interface End {
  readonly host: string | undefined;
  readonly port: number | undefined;
}

export class Connection implements FrameSink {
  readonly id: number;
  readonly remote: End;
  readonly local: End;
  readonly conversation: SubprotocolHandler;
  /** Why it will have been closed, as the log tells it. */
  closeReason: CloseReason = 'normal';

  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #observer: ConnectionObserver;
  /** Called for each frame that the operating system has taken. */
  readonly #onTaken: () => void;
  /** Frames handed to the socket and not yet taken. */
  #framesUnsent = 0;
  /** Something had to wait since everything was taken last. */
  #behind = false;
  #ended = false;
  /** There was a sign of life since the last ping. */
  #alive = true;

  constructor(
    id: number,
    ws: WebSocket,
    socket: Duplex & Partial<Addresses>,
    observer: ConnectionObserver,
    converse: (outlet: FrameSink) => SubprotocolHandler,
  ) {
    this.id = id;
    // Kept: a socket that is closed no longer tells.
    this.remote = { host: socket.remoteAddress, port: socket.remotePort };
    this.local = { host: socket.localAddress, port: socket.localPort };
    this.#ws = ws;
    this.#socket = socket;
    this.#observer = observer;
    this.#onTaken = () => this.#taken();
    this.conversation = converse(this);
    ws.on('message', (frame, isBinary) => this.#onMessage(frame as Buffer, isBinary));
    ws.on('ping', () => this.#showLife());
    ws.on('pong', () => this.#showLife());
    // ws has already answered with the code that fits, and closes.
    ws.on('error', () => {
      this.closeReason = 'error';
    });
    // The socket's, and not that of ws, which waits for frames that will never be whole.
    socket.once('close', () => {
      this.#ended = true;
      this.conversation.onClose();
      observer.onClose(this);
    });
  }

  get peer(): Peer {
    const { host = '', port } = this.remote;
    return port === undefined
      ? { address: 'unix', port: 0, transport: 'local' }
      : { address: host, port, transport: 'tcp' };
  }

  get unsentBytes(): number {
    const bytes = this.#socket.writableLength;
    return bytes === 0 ? 0 : bytes + this.#framesUnsent * FRAME_OVERHEAD_BYTES;
  }

  sendText(text: string | Buffer): void {
    this.#send(TEXT_FRAME, [typeof text === 'string' ? Buffer.from(text) : text]);
  }

  sendBinary(pieces: readonly Buffer[]): void {
    this.#send(BINARY_FRAME, pieces);
  }

  #send(firstByte: number, pieces: readonly Buffer[]): void {
    if (this.#ended || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#framesUnsent++;
    this.#observer.onWritten(writeFrame(this.#socket, firstByte, pieces, this.#onTaken));
    if (this.#socket.writableLength > 0) this.#behind = true;
  }

  #taken(): void {
    if (--this.#framesUnsent > 0 || !this.#behind) return;
    this.#behind = false;
    if (this.#ended) return;
    this.#alive = true;
    try {
      this.conversation.onDrain();
    } catch (error) {
      this.#fail(error);
    }
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ws.close(code, reason);
    // So that the client's own farewell is read.
    this.#ws.resume();
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#ended = true;
    this.#ws.terminate();
  }

  /** Asks for a sign of life, and cuts a connection that gave none since it was asked last. */
  beat(): void {
    if (!this.#alive) {
      this.closeReason = 'idle_timeout';
      this.cut();
      return;
    }
    this.#alive = false;
    this.#ws.ping();
  }

  /** Lets the conversation come to its end, because the endpoint stops. */
  drain(): void {
    this.closeReason = 'shutdown';
    try {
      this.conversation.drain();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onMessage(frame: Buffer, isBinary: boolean): void {
    this.#showLife();
    if (this.#ended) return;
    this.#observer.onRead(frame.length);
    try {
      this.conversation.receive(frame, isBinary);
    } catch (error) {
      this.#fail(error);
    }
  }

  #showLife(): void {
    this.#alive = true;
  }

  /** A listener of the engine may throw while a client is served: that ends this client's connection alone. */
  #fail(error: unknown): void {
    this.closeReason = 'error';
    this.end(1011, 'a fault of the server');
    this.#observer.onError(error);
  }
}
