/** The interface between a WebSocket connection and the subprotocol that it carries. */

import type { RequestWindow } from '../transport/liveness.js';
import type { ConnectionState } from '../transport.js';

/** Where a subprotocol sends one client's frames. */
export interface FrameSink {
  /** The connection's number, as `stats conns` shows it. */
  readonly id: number;
  /** Bytes handed over that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** Sends a text frame: a text, or its UTF-8 bytes, which must not change afterwards. */
  sendText(text: string | Buffer): void;
  /** Sends a binary frame of these chunks, in order; they must not change until they are sent. */
  sendBinary(chunks: readonly Buffer[]): void;
  /** Pauses reading from the client; a frame that has already arrived may still be delivered. */
  pause(): void;
  resume(): void;
  /** Ends the connection with this code once everything sent has gone. */
  end(code: number, reason: string): void;
  /** Ends it at once. */
  cut(): void;
}

/** A subprotocol's side of one connection. None of its methods throws on what a client does. */
export interface SubprotocolHandler {
  /** As `stats conns` names it. */
  readonly state: ConnectionState;
  /** When a request last began; absent where each message is one. */
  readonly lastCommandMs?: number;
  /** What a request that spans several frames may still take. */
  readonly window?: RequestWindow;
  receive(frame: Buffer, isBinary: boolean): void;
  /** Everything handed over has been taken by the operating system. */
  onDrain(): void;
  /** The client has taken some of it. */
  onProgress?(): void;
  /** The server stops: answer all requests received, then `end(1001)`. */
  drain(): void;
  /** The connection is gone: release everything. */
  onClose(): void;
}
