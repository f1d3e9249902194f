/** The page's connection: one client at a time, a new one for each token, and the state that the header shows. */

import { type ClientState, HotsetClient } from '../client/index.js';
import { byId, messageOf, setText } from './dom.js';
import { isTokenRefused, loadToken, storeToken } from './token.js';

/** An operator who watches a server restart wants to see it at once. */
const BACKOFF_MAX_MS = 2_000;

const STATE_TEXTS: Readonly<Record<ClientState, string>> = {
  connecting: 'connecting…',
  connected: 'connected',
  disconnected: 'reconnecting…',
  closed: 'not connected',
};

export interface ConnectionListener {
  onConnected(): void;
  /** The next connection may be to another server. */
  onDisconnected(): void;
}

export class ServerConnection {
  readonly #listener: ConnectionListener;
  readonly #state = byId('state', HTMLElement);
  readonly #form = byId('token-form', HTMLFormElement);
  readonly #input = byId('token', HTMLInputElement);
  #token: string | undefined = loadToken();
  #client: HotsetClient | null = null;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#token = this.#input.value;
      storeToken(this.#token);
      this.#connect();
    });
    this.#connect();
  }

  /** The connected client. Throws without a connection: requests of the page never queue. */
  get client(): HotsetClient {
    if (this.#client?.state !== 'connected') throw new Error('There is no connection to the server.');
    return this.#client;
  }

  get isConnected(): boolean {
    return this.#client?.state === 'connected';
  }

  #connect(): void {
    // Relative to the page, so that both may live below a path of a proxy.
    const url = new URL('ws', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#form.hidden = true;
    try {
      const client: HotsetClient = new HotsetClient(url.href, {
        ...(this.#token !== undefined && { token: this.#token }),
        maxBackoffMs: BACKOFF_MAX_MS,
        onStateChange: (state) => this.#onStateChange(client, state),
      });
      this.#client = client;
      this.#showState('connecting');
    } catch (error) {
      // The text cannot be a token.
      this.#promptForToken(messageOf(error));
    }
  }

  #onStateChange(client: HotsetClient, state: ClientState): void {
    if (client !== this.#client) return;
    if (state === 'disconnected') {
      this.#listener.onDisconnected();
      void this.#promptIfRefused(client);
    }
    // Attempts to reconnect all show as "reconnecting".
    if (state !== 'connecting') this.#showState(state);
    if (state === 'connected') this.#listener.onConnected();
  }

  async #promptIfRefused(client: HotsetClient): Promise<void> {
    if (!(await isTokenRefused(this.#token)) || client !== this.#client) return;
    this.#client = null;
    client.close();
    this.#promptForToken(this.#token === undefined ? '' : 'The server refused the token.');
  }

  #promptForToken(message: string): void {
    this.#showState('closed');
    setText(byId('token-message', HTMLElement), message);
    this.#input.value = '';
    this.#form.hidden = false;
    this.#input.focus();
  }

  #showState(state: ClientState): void {
    this.#state.dataset.state = state;
    setText(this.#state, STATE_TEXTS[state]);
  }
}
