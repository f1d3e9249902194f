/** What servers log: one table of kinds, and the verbosity from which each kind is logged. */

/** 0: always; 1 (`-v`): refusals, failures and reloads; 2 (`-vv`): every connection and command. */
export type LogLevel = 0 | 1 | 2;

/** The kinds of event that servers log. */
export type LogKind =
  | 'reload-failed'
  | 'certificate-expires'
  | 'reloaded'
  | 'request-refused'
  | 'upgrade-refused'
  | 'connection-refused'
  | 'connection-idle'
  | 'request-timeout'
  | 'unread-replies'
  | 'accept-failed'
  | 'handshake-failed'
  | 'authentication-failed'
  | 'connection-opened'
  | 'connection-closed'
  | 'command';

const LEVELS: Readonly<Record<LogKind, LogLevel>> = {
  'reload-failed': 0,
  'certificate-expires': 0,
  reloaded: 1,
  'request-refused': 1,
  'upgrade-refused': 1,
  'connection-refused': 1,
  'connection-idle': 1,
  'request-timeout': 1,
  'unread-replies': 1,
  'accept-failed': 1,
  'handshake-failed': 1,
  'authentication-failed': 1,
  'connection-opened': 2,
  'connection-closed': 2,
  command: 2,
};

/** What a line of the log is about. */
export interface LogEvent {
  /** The kind of event. */
  readonly kind: LogKind;
  /** The verbosity from which it is logged. */
  readonly level: LogLevel;
  /** The client, as in `127.0.0.1:4711`, `[::1]:4711` or `unix`. Absent for events that concern no client. */
  readonly address?: string;
}

/** Takes one line of the log, and what it is about. */
export type LogFunction = (message: string, event: LogEvent) => void;

export interface PeerAddress {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

export class ServerLog {
  readonly #write: LogFunction | undefined;
  readonly #verbosity: () => number;

  constructor(write: LogFunction | undefined, verbosity: () => number) {
    this.#write = write;
    this.#verbosity = verbosity;
  }

  write(kind: LogKind, message: string, peer?: PeerAddress): void {
    const level = LEVELS[kind];
    if (this.#write === undefined || this.#verbosity() < level) return;
    const address = peer === undefined ? undefined : addressText(peer);
    this.#write(message, { kind, level, ...(address === undefined ? {} : { address }) });
  }
}

function addressText({ address, port }: PeerAddress): string | undefined {
  if (!address || !port) return address || undefined;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
