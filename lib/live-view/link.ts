/** The page's connection: one client at a time, made anew when a token is given, and what the header says of it. */

import { type ClientState, HotsetClient } from '../client/index.js';
import { byId, messageOf, setText } from './dom.js';
import { isTokenRefused, knownToken, rememberToken } from './token.js';

/** An operator who looks at a server that starts again wants to see it at once. */
const BACKOFF_MAX_MS = 2_000;

const STATE_TEXTS: Readonly<Record<ClientState, string>> = {
  connecting: 'connecting…',
  connected: 'connected',
  disconnected: 'reconnecting…',
  closed: 'not connected',
};

export interface LinkListeners {
  onConnected(): void;
  /** What comes after this may be another server's. */
  onLost(): void;
}

export class Link {
  readonly #listeners: LinkListeners;
  readonly #state = byId('state', HTMLElement);
  readonly #form = byId('token-form', HTMLFormElement);
  readonly #input = byId('token', HTMLInputElement);
  #token: string | undefined = knownToken();
  #client: HotsetClient | null = null;

  constructor(listeners: LinkListeners) {
    this.#listeners = listeners;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#token = this.#input.value;
      rememberToken(this.#token);
      this.#connect();
    });
    this.#connect();
  }

  /** The client when it is connected. Throws otherwise: nothing of the page waits in a queue. */
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
        onStateChange: (state) => this.#follow(client, state),
      });
      this.#client = client;
      this.#show('connecting');
    } catch (error) {
      // What was given cannot be a token at all.
      this.#ask(messageOf(error));
    }
  }

  #follow(client: HotsetClient, state: ClientState): void {
    if (client !== this.#client) return;
    if (state === 'disconnected') {
      this.#listeners.onLost();
      void this.#askIfRefused(client);
    }
    // Each attempt to connect again is a detail of "reconnecting".
    if (state !== 'connecting') this.#show(state);
    if (state === 'connected') this.#listeners.onConnected();
  }

  async #askIfRefused(client: HotsetClient): Promise<void> {
    if (!(await isTokenRefused(this.#token)) || client !== this.#client) return;
    this.#client = null;
    client.close();
    this.#ask(this.#token === undefined ? '' : 'The server refused the token.');
  }

  #ask(message: string): void {
    this.#show('closed');
    setText(byId('token-message', HTMLElement), message);
    this.#input.value = '';
    this.#form.hidden = false;
    this.#input.focus();
  }

  #show(state: ClientState): void {
    this.#state.dataset.state = state;
    setText(this.#state, STATE_TEXTS[state]);
  }
}
