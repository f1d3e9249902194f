/**
 * Makes TLS connections of TCP ones: handshakes, their failures, and certificates that change while it runs.
 * One for all listeners of a server, so that new certificates reach all of them.
 */

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsSettings } from '../transport.js';
import { type ResolvedTlsOptions, readCertificate, reasonOf } from './tls-options.js';

export interface TlsObserver {
  /** The handshake has succeeded, and the client's certificate is as required. */
  onSecure(socket: Socket): void;
  /** The handshake failed or timed out, or the certificate was refused; the connection is closed. */
  onHandshakeFailed(reason: string, peer: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
}

export class TlsEndpoint {
  readonly #options: ResolvedTlsOptions;
  readonly #server: Server;
  #expiresAtMs: number;
  /** TCP connections whose handshake has not ended, by address. */
  readonly #handshakes = new Map<string, Socket>();

  /** Throws `HOTSET_INVALID_TLS`. */
  constructor(options: ResolvedTlsOptions, observer: TlsObserver) {
    this.#options = options;
    const { context, expiresAtMs } = readCertificate(options);
    this.#expiresAtMs = expiresAtMs;
    this.#server = createServer({
      ...context,
      requestCert: options.verifyMode > 0,
      rejectUnauthorized: options.verifyMode > 1,
      handshakeTimeout: options.handshakeTimeoutMs,
    });
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#handshakes.delete(addressKey(socket));
      const refusal = this.#refusalOf(socket);
      if (refusal === null) {
        socket.allowHalfOpen = true;
        observer.onSecure(socket);
        return;
      }
      socket.on('error', () => {});
      const { remoteAddress, remotePort } = socket;
      socket.destroy();
      observer.onHandshakeFailed(refusal, { remoteAddress, remotePort });
    });
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      const refusal = this.#refusalOf(socket);
      const { remoteAddress, remotePort } = socket;
      // Node leaves the socket open after a timeout.
      socket.destroy();
      observer.onHandshakeFailed(refusal ?? reasonOf(error), { remoteAddress, remotePort });
    });
  }

  /** Connections whose handshake is not complete. */
  get pending(): number {
    return this.#handshakes.size;
  }

  get settings(): TlsSettings {
    const { certFile, keyFile, verifyMode, caFile, ciphers, minVersion } = this.#options;
    return {
      chainCert: certFile,
      key: keyFile,
      verifyMode,
      caCert: caFile,
      ciphers,
      minVersion: minVersion.toLowerCase(),
      expiresAtMs: this.#expiresAtMs,
    };
  }

  /** Begins the handshake on a TCP connection. */
  begin(socket: Socket): void {
    const key = addressKey(socket);
    this.#handshakes.set(key, socket);
    socket.once('close', () => {
      if (this.#handshakes.get(key) === socket) this.#handshakes.delete(key);
    });
    socket.on('error', () => socket.destroy());
    // Half-open sockets are for clients with a session: one that leaves in its handshake is gone.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Reads certificates and keys again, for connections from now on. Throws `HOTSET_INVALID_TLS` and keeps the old. */
  reload(): void {
    const { context, expiresAtMs } = readCertificate(this.#options);
    this.#server.setSecureContext(context);
    this.#expiresAtMs = expiresAtMs;
  }

  /** Ends all handshakes. */
  cut(): void {
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  /** Why the client's certificate is refused; null when it is accepted, or none is required. */
  #refusalOf(socket: TLSSocket): string | null {
    const { verifyMode } = this.#options;
    if (verifyMode === 0 || socket.authorized || !socket.authorizationError) return null;
    const sentOne = Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
    if (verifyMode === 1 && !sentOne) return null;
    return `the client's certificate was refused: ${socket.authorizationError}`;
  }
}

/** Distinct for all connections that are open at one time. */
function addressKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}
