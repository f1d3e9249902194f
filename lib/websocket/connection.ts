/**
 * One client's WebSocket, as the sink of its subprotocol. It owns the frames both ways and the pings, and knows nothing
 * of their content.
 *
 * Once it has ended, it sends nothing and ignores what arrives.
 */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { UnfinishedRequest } from '../memcached/unfinished-requests.js';
import { endsOf, type SocketEnds } from '../transport/connection-ends.js';
import type { Connection, ConnectionRegistry } from '../transport/connection-registry.js';
import { Liveness, type Overdue, RequestWindow, type Writing } from '../transport/liveness.js';
import type { CloseReason, ConnectionState, Peer } from '../transport.js';
import { FrameMeter } from './frame-meter.js';
import { BINARY_FRAME, PONG_FRAME, TEXT_FRAME, writeFrame } from './frames.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';

/** What a waiting frame costs beside its bytes: many tiny frames cost much more memory than their payload. */
const FRAME_OVERHEAD_BYTES = 256;

/** Pings of a client whose pongs the operating system has not taken; one more closes the connection. */
const PINGS_MAX = 60;

const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

export class WebSocketConnection implements Connection, FrameSink, UnfinishedRequest {
  readonly id: number;
  readonly peer: Peer;
  readonly address: string;
  readonly listenAddress: string;
  readonly handler: SubprotocolHandler;
  closeReason: CloseReason = 'normal';

  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #registry: ConnectionRegistry;
  readonly #liveness: Liveness;
  readonly #meter = new FrameMeter();
  /** How long the message that is half received may still take. */
  readonly #window = new RequestWindow();
  /** Pongs handed to the socket and not yet taken. */
  #pongsUnsent = 0;
  readonly #onPongTaken = (): void => {
    this.#pongsUnsent--;
  };
  /** Called for each frame that the operating system has taken. */
  readonly #onTaken: () => void;
  /** Frames handed to the socket and not yet taken. */
  #framesUnsent = 0;
  /** A frame has had to wait since the queue was last empty. */
  #behind = false;
  #lastMessageMs: number;
  #ended = false;
  /** Whether a message was completed since the last chunk. */
  #cameWhole = false;
  /** `Liveness.moves` at the last beat. */
  #movesAtBeat = -1;
  #silentBeats = 0;

  constructor(
    ws: WebSocket,
    socket: Duplex & SocketEnds,
    registry: ConnectionRegistry,
    createHandler: (sink: FrameSink) => SubprotocolHandler,
  ) {
    this.id = registry.nextId();
    // The path of a shared server's Unix socket is not known.
    const { peer, address, listenAddress } = endsOf(socket, '');
    this.peer = peer;
    this.address = address;
    this.listenAddress = listenAddress;
    this.#ws = ws;
    this.#socket = socket;
    this.#registry = registry;
    this.#lastMessageMs = registry.clock.now();
    this.#liveness = new Liveness(this.#lastMessageMs);
    this.#onTaken = () => this.#taken();
    this.handler = createHandler(this);
    ws.on('message', (frame, isBinary) => this.#onMessage(frame as Buffer, isBinary));
    ws.on('ping', (payload) => this.#pong(payload));
    ws.on('pong', () => {
      this.#liveness.unconfirmedBytes = 0;
    });
    // ws has already answered with the code that fits, and closes.
    ws.on('error', () => {
      this.closeReason = 'error';
    });
    // Runs after ws, which has then delivered all complete messages.
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    // The socket's `close`, not that of ws, which waits for frames that will never be complete.
    socket.once('close', () => {
      this.#ended = true;
      registry.items.unfinished.release(this);
      this.handler.onClose();
      registry.closed(this);
    });
  }

  get state(): ConnectionState {
    return this.handler.state;
  }

  get lastCommandMs(): number {
    return this.handler.lastCommandMs ?? this.#lastMessageMs;
  }

  overdue(nowMs: number): Overdue | null {
    const { window } = this.handler;
    if (this.#liveness.sample(this.#socket as Writing, nowMs)) this.handler.onProgress?.();
    const windows = window === undefined ? [this.#window] : [this.#window, window];
    return this.#liveness.overdue(this.state, windows, this.#registry.limits, nowMs);
  }

  get unsentBytes(): number {
    const bytes = this.#socket.writableLength;
    return bytes === 0 ? 0 : bytes + this.#framesUnsent * FRAME_OVERHEAD_BYTES;
  }

  sendText(text: string | Buffer): void {
    this.#send(TEXT_FRAME, [typeof text === 'string' ? Buffer.from(text) : text]);
  }

  sendBinary(chunks: readonly Buffer[]): void {
    this.#send(BINARY_FRAME, chunks);
  }

  #send(firstByte: number, chunks: readonly Buffer[]): void {
    if (this.#ended || this.#ws.readyState !== this.#ws.OPEN) return;
    this.#framesUnsent++;
    const bytes = writeFrame(this.#socket, firstByte, chunks, this.#onTaken);
    this.#registry.bytesWritten += bytes;
    this.#liveness.unconfirmedBytes += bytes;
    if (this.#socket.writableLength > 0) this.#behind = true;
  }

  #pong(payload: Buffer): void {
    if (this.#ended || this.#ws.readyState !== this.#ws.OPEN) return;
    if (++this.#pongsUnsent > PINGS_MAX) this.end(POLICY_VIOLATION, 'too many pings at once');
    else writeFrame(this.#socket, PONG_FRAME, [payload], this.#onPongTaken);
  }

  #taken(): void {
    if (--this.#framesUnsent > 0 || !this.#behind) return;
    this.#behind = false;
    if (this.#ended) return;
    try {
      this.handler.onDrain();
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
    if (code !== NORMAL_CLOSURE && code !== GOING_AWAY) this.closeReason = 'error';
    this.#ws.close(code, reason);
    // So that the client's close frame is read.
    this.#ws.resume();
  }

  cut(): void {
    this.#ended = true;
    this.#ws.terminate();
  }

  /** Sends a ping, and cuts a connection on which no byte has moved for too long since the last ones. */
  beat(nowMs: number): void {
    this.#liveness.sample(this.#socket as Writing, nowMs);
    const { moves } = this.#liveness;
    const isHeld = this.state === 'conn_waiting' && this.unsentBytes === 0;
    if (moves !== this.#movesAtBeat || isHeld) {
      this.#movesAtBeat = moves;
      this.#silentBeats = 0;
      this.#ws.ping();
      return;
    }
    const { heartbeatMs } = this.#registry.limits;
    if (++this.#silentBeats <= Math.floor(this.#liveness.patienceMs / heartbeatMs)) return;
    this.closeReason = 'idle_timeout';
    this.cut();
  }

  drain(): void {
    this.closeReason = 'shutdown';
    try {
      this.handler.drain();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onMessage(frame: Buffer, isBinary: boolean): void {
    this.#cameWhole = true;
    this.#lastMessageMs = this.#registry.clock.now();
    if (this.#ended) return;
    this.#registry.bytesRead += frame.length;
    try {
      this.handler.receive(frame, isBinary);
    } catch (error) {
      this.#fail(error);
    }
  }

  #onData(chunk: Buffer): void {
    const now = this.#registry.clock.now();
    this.#liveness.reads++;
    this.#liveness.lastReadMs = now;
    this.#meter.push(chunk);
    const { unfinishedBytes } = this.#meter;
    const { unfinished } = this.#registry.items;
    if (this.#cameWhole) unfinished.release(this);
    if (unfinishedBytes === 0) this.#window.close();
    else {
      this.#window.extend(chunk.length, now, this.#cameWhole);
      unfinished.hold(this, unfinishedBytes);
    }
    this.#cameWhole = false;
  }

  /** ws frees an incomplete message only when the connection is gone: this does not wait for the client's close frame. */
  giveUp(): void {
    const isRead = this.unsentBytes === 0;
    this.end(TRY_AGAIN_LATER, 'too many bytes of half-received messages');
    if (isRead) this.#socket.end(() => this.cut());
    else this.cut();
  }

  /** A listener of the engine may throw while a client is served: that ends this client's connection alone. */
  #fail(error: unknown): void {
    this.end(INTERNAL_ERROR, 'a fault of the server');
    this.#registry.onError(error);
  }
}
