/** What `stats`, the log and the session know of a server and its connections. */

/** As memcached names them. */
export type ConnectionState =
  | 'conn_listening'
  | 'conn_parse_cmd'
  | 'conn_nread'
  | 'conn_read'
  | 'conn_waiting'
  | 'conn_watch';

/** Where a connection comes from: `unix` with port 0 for a Unix socket. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly transport: 'local' | 'tcp';
}

/** As memcached's log names them. */
export type CloseReason = 'error' | 'normal' | 'idle_timeout' | 'shutdown';

/** What `stats conns` shows of a connection or a listener. */
export interface ConnectionInfo {
  readonly id: number;
  /** As memcached prints it: `tcp:127.0.0.1:4711`, `unix:/run/x.sock`. */
  readonly address: string;
  readonly listenAddress?: string;
  readonly state: ConnectionState;
  readonly secondsSinceLastCommand: number;
}

/** What `stats settings` shows of a transport's TLS. */
export interface TlsSettings {
  readonly chainCert: string;
  readonly key: string;
  readonly verifyMode: number;
  readonly caCert: string | null;
  readonly ciphers: string | null;
  readonly minVersion: string;
  /** Unix time in milliseconds when the first certificate of the chain expires. */
  readonly expiresAtMs: number;
}

/** memcached's `-B`: which protocols the first byte may choose. */
export type ProtocolChoice = 'auto' | 'ascii' | 'binary';

/** What `stats settings` shows of a transport. */
export interface TransportSettings {
  /** `threads`: the other threads of the server, whose own transports say all the rest. */
  readonly kind: 'tcp' | 'websocket' | 'threads';
  /** -1 when it listens on no TCP port. */
  readonly tcpPort: number;
  readonly host: string | null;
  readonly path: string | null;
  /** Access mode of the Unix socket. */
  readonly mode: number;
  readonly protocol: ProtocolChoice;
  /** Whether clients have to authenticate. */
  readonly authenticates: boolean;
  /** Connections that the operating system keeps while they wait to be accepted. */
  readonly backlog: number;
  /** Null when no address is served over TLS. */
  readonly tls: TlsSettings | null;
  /** When the certificates were read last, in the store's milliseconds. */
  readonly certificatesReadAtMs: number;
  /** Reads certificates and users again, for new connections; throws when they cannot be used, and keeps the old. */
  reload(): void;
}

/** What `stats` reads of a TCP server or a WebSocket endpoint. */
export interface Transport {
  readonly settings: TransportSettings;
  readonly maxConnections: number;
  readonly currentConnections: number;
  readonly totalConnections: number;
  readonly rejectedConnections: number;
  readonly idleKicks: number;
  /** How often a connection had to yield to others in the middle of its requests. */
  readonly yields: number;
  /** TLS handshakes that have failed. */
  readonly handshakeErrors: number;
  /** 0 for none. */
  readonly idleTimeoutSeconds: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Null while more have yet to come. */
  connections(): Iterable<ConnectionInfo | null>;
  resetStats(): void;
  /** Takes what a removal listener throws outside any client's request. */
  onError(error: unknown): void;
}

/** Of the memcached ports, as `-c` says. WebSocket endpoints have limits of their own, and count where there is no port. */
export function maxConnections(transports: Iterable<Transport>): number {
  const all = [...transports];
  const ports = all.filter(({ settings }) => settings.kind === 'tcp');
  return (ports.length > 0 ? ports : all).reduce((sum, transport) => sum + transport.maxConnections, 0);
}
