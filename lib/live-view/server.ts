/** One server of the page: its connection, and its last reading. */

import { type ClientState, HotsetClient } from '../client/index.js';
import { messageOf } from './dom.js';
import { type Reading, Readings } from './readings.js';
import { rememberedOf } from './remembered.js';

/** An operator who watches a server restart wants to see it at once. */
const BACKOFF_MAX_MS = 2_000;
/** Rows of a history are 15 s apart at most. */
const HISTORY_GAP_MS = 20_000;

export class Server {
  /** Host and port. */
  readonly name: string;
  readonly #url: string;
  readonly #onState: (state: ClientState) => void;
  readonly #readings = new Readings();
  #client: HotsetClient | null = null;
  #isPolling = false;
  /** The last one of this connection. */
  reading: Reading | null = null;
  /** Why the last request for statistics failed; empty when it did not. */
  error = '';

  constructor(name: string, url: string, onState: (state: ClientState) => void) {
    this.name = name;
    this.#url = url;
    this.#onState = onState;
  }

  /** `closed` without a client, or when the server refused the token. */
  get state(): ClientState {
    return this.#client?.state ?? 'closed';
  }

  /** The connected client; null without a connection: requests of the page never queue. */
  get client(): HotsetClient | null {
    return this.state === 'connected' ? this.#client : null;
  }

  /** Connects, in place of an earlier connection. Throws when the text cannot be a token. */
  connect(token: string | undefined): void {
    this.close();
    const client: HotsetClient = new HotsetClient(this.#url, {
      ...(token !== undefined && { token }),
      maxBackoffMs: BACKOFF_MAX_MS,
      onStateChange: (state) => {
        if (client !== this.#client) return;
        // The next connection may be to another server.
        if (state === 'disconnected') this.#forget();
        this.#onState(state);
      },
    });
    this.#client = client;
  }

  /** Ends the connection for good. */
  close(): void {
    const client = this.#client;
    this.#client = null;
    this.#forget();
    client?.close();
  }

  /** Takes a reading, unless there is no connection or one is under way. Never rejects. */
  async poll(): Promise<void> {
    const { client } = this;
    if (client === null || this.#isPolling) return;
    this.#isPolling = true;
    try {
      const stats = await client.stats();
      if (client !== this.#client) return;
      this.reading = this.#readings.add(stats, performance.timeOrigin + performance.now());
      this.error = '';
    } catch (error) {
      this.error = messageOf(error);
    } finally {
      this.#isPolling = false;
    }
  }

  /** What the server remembers of the time after `afterMs`; nothing where it does not. Never rejects. */
  async recall(afterMs: number): Promise<Reading[]> {
    const { client } = this;
    if (client === null || this.#isPolling) return [];
    const history = await client.history().catch(() => undefined);
    if (history === undefined || client !== this.#client) return [];
    const rows = rememberedOf(history, performance.timeOrigin + performance.now());
    const first = rows.findIndex(({ atMs }) => atMs > afterMs);
    if (first === -1) return [];
    // What the first one is compared with.
    if (first > 0 && this.#readings.lastAtMs === null) {
      const { stats, atMs } = rows[first - 1]!;
      this.#readings.add(stats, atMs);
    }
    return rows.slice(first).map(({ stats, atMs }) => this.#readings.add(stats, atMs, HISTORY_GAP_MS));
  }

  #forget(): void {
    this.#readings.reset();
    this.reading = null;
    this.error = '';
  }
}
