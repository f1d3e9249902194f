/** The seam between what carries frames to a client and the subprotocol that is spoken over it. */

import type { RequestWindow } from '../transport/liveness.js';
import type { ConnectionState } from '../transport/transport.js';

/** The way to one client, as a subprotocol sees it. */
export interface FrameSink {
  /** The connection's number, as `stats conns` shows it. */
  readonly id: number;
  /** Bytes handed over that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** Sends a text frame: a text, or its UTF-8 ready-made, which nobody may change any more. */
  sendText(text: string | Buffer): void;
  /** Sends a binary frame made of these chunks, in order, which nobody may change until they are sent. */
  sendBinary(chunks: readonly Buffer[]): void;
  /** Stops and goes on with reading from the client; a frame that is already here may still come. */
  pause(): void;
  resume(): void;
  /** Ends the connection with this code once everything sent has gone. */
  end(code: number, reason: string): void;
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
  /** The server stops: answer what has been asked, then `end(1001)`. */
  drain(): void;
  /** The connection is gone: let go of everything. */
  onClose(): void;
}
