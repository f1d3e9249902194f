/**
 * The page's servers: its own, and the peers that its own names. All get the same token; the header shows their state together.
 * Which addresses the page may connect to is in its Content-Security-Policy, by the same list.
 */

import type { ClientState, HotsetClient } from '../client/index.js';
import { byId, messageOf, setText } from './dom.js';
import { Server } from './server.js';
import { isTokenRefused, loadToken, storeToken } from './token.js';

const STATE_TEXTS: Readonly<Record<ClientState, string>> = {
  connecting: 'connecting…',
  connected: 'connected',
  disconnected: 'reconnecting…',
  closed: 'not connected',
};

export class Servers {
  /** The page's own first. */
  readonly all: readonly Server[];
  readonly #onConnected: () => void;
  readonly #state = byId('state', HTMLElement);
  readonly #form = byId('token-form', HTMLFormElement);
  readonly #input = byId('token', HTMLInputElement);
  #token: string | undefined = loadToken();
  #wasConnected = false;

  constructor(onConnected: () => void) {
    this.#onConnected = onConnected;
    // Relative to the page, so that both may live below a path of a proxy.
    const own = socketUrl(new URL('ws', location.href));
    const peers = peerNames().map((name) => {
      return new Server(name, socketUrl(new URL(`//${name}/ws`, location.href)), (state) =>
        this.#onState(state),
      );
    });
    this.all = [new Server(location.host, own, (state) => this.#onOwnState(state)), ...peers];
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#token = this.#input.value;
      storeToken(this.#token);
      this.#connect();
    });
    this.#connect();
  }

  /** Those with a connection. */
  get connected(): readonly { readonly server: Server; readonly client: HotsetClient }[] {
    return this.all.flatMap((server) => (server.client === null ? [] : { server, client: server.client }));
  }

  get isConnected(): boolean {
    return this.all.some(({ client }) => client !== null);
  }

  /** The connected clients. Throws without any. */
  clients(): readonly HotsetClient[] {
    const clients = this.connected.map(({ client }) => client);
    if (clients.length === 0) throw new Error('There is no connection to the server.');
    return clients;
  }

  #connect(): void {
    this.#form.hidden = true;
    this.#wasConnected = false;
    try {
      for (const server of this.all) server.connect(this.#token);
      this.#showState('connecting', STATE_TEXTS.connecting);
    } catch (error) {
      // The text cannot be a token.
      this.#promptForToken(messageOf(error));
    }
  }

  #onOwnState(state: ClientState): void {
    if (state === 'disconnected') void this.#promptIfRefused();
    this.#onState(state);
  }

  #onState(state: ClientState): void {
    const count = this.connected.length;
    this.#wasConnected ||= state !== 'connecting';
    // Attempts to reconnect all show as "reconnecting".
    if (count === this.all.length) this.#showState('connected', STATE_TEXTS.connected);
    else if (count > 0) this.#showState('partial', `${count} of ${this.all.length} connected`);
    else if (this.#wasConnected) this.#showState('disconnected', STATE_TEXTS.disconnected);
    if (state === 'connected') this.#onConnected();
  }

  /** Only the page's own server can be asked: answers of others to plain requests are not for this page. */
  async #promptIfRefused(): Promise<void> {
    const token = this.#token;
    if (!(await isTokenRefused(token)) || token !== this.#token) return;
    this.#promptForToken(token === undefined ? '' : 'The server refused the token.');
  }

  #promptForToken(message: string): void {
    for (const server of this.all) server.close();
    this.#showState('closed', STATE_TEXTS.closed);
    setText(byId('token-message', HTMLElement), message);
    this.#input.value = '';
    this.#form.hidden = false;
    this.#input.focus();
  }

  #showState(state: ClientState | 'partial', text: string): void {
    this.#state.dataset.state = state;
    setText(this.#state, text);
  }
}

/** The server writes them into the page, itself among them perhaps. */
function peerNames(): string[] {
  const names = document.querySelector<HTMLMetaElement>('meta[name="hotset-peers"]')?.content ?? '';
  const isOwn = (name: string): boolean => new URL(`//${name}`, location.href).host === location.host;
  return names.split(' ').filter((name) => name !== '' && !isOwn(name));
}

function socketUrl(url: URL): string {
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
