/** What `stats` asks of whatever carries sessions: a TCP server, a WebSocket endpoint. */

export type ConnectionState =
  | 'conn_listening'
  | 'conn_parse_cmd'
  | 'conn_nread'
  | 'conn_read'
  | 'conn_waiting'
  | 'conn_watch';

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

/** memcached's `-B`: which protocols a connection may begin to speak. */
export type ProtocolChoice = 'auto' | 'ascii' | 'binary';

export interface ConnectionInfo {
  readonly id: number;
  /** As memcached prints it: `tcp:127.0.0.1:4711`, `unix:/run/x.sock`. */
  readonly address: string;
  readonly listenAddress?: string;
  readonly state: ConnectionState;
  readonly secondsSinceLastCommand: number;
}

export interface Transport {
  readonly kind: 'tcp' | 'websocket';
  readonly maxConnections: number;
  readonly currentConnections: number;
  readonly totalConnections: number;
  readonly rejectedConnections: number;
  readonly idleKicks: number;
  /** How often a connection had to wait for others in the middle of its requests. */
  readonly yields: number;
  readonly idleTimeoutSeconds: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
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
  /** TLS handshakes that have failed. */
  readonly handshakeErrors: number;
  /** When the certificates were read last, in the store's milliseconds. */
  readonly certificatesReadAtMs: number;
  /** Reads certificates and users again, for new connections; throws when they cannot be used, and keeps the old. */
  reload(): void;
  connections(): Iterable<ConnectionInfo>;
  resetStats(): void;
  /** Takes what a removal listener throws while nobody's request is served. */
  onError(error: unknown): void;
}

/** Of the memcached ports, as `-c` says. WebSocket endpoints have limits of their own, and count where there is no port. */
export function maxConnections(transports: Iterable<Transport>): number {
  const all = [...transports];
  const ports = all.filter(({ kind }) => kind === 'tcp');
  return (ports.length > 0 ? ports : all).reduce((sum, transport) => sum + transport.maxConnections, 0);
}
