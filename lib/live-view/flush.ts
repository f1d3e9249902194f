/** The button that empties the cache, behind a confirmation. Shown only where the access allows it. */

import type { ServerStats } from '../client/index.js';
import { byId, messageOf, setText } from './dom.js';
import { bytes, timeOfDay, wholeCount } from './format.js';
import type { Servers } from './servers.js';

/** The text that the user has to type. */
const CONFIRMATION = 'FLUSH';

export class Flush {
  readonly #servers: Servers;
  readonly #panel = byId('flush-panel', HTMLElement);
  readonly #dialog = byId('flush-dialog', HTMLDialogElement);
  readonly #loss = byId('flush-loss', HTMLElement);
  readonly #confirmation = byId('flush-word', HTMLInputElement);
  readonly #confirm = byId('flush-confirm', HTMLButtonElement);
  readonly #error = byId('flush-error', HTMLElement);
  readonly #done = byId('flush-done', HTMLElement);

  constructor(servers: Servers) {
    this.#servers = servers;
    byId('flush', HTMLButtonElement).addEventListener('click', () => this.#openDialog());
    byId('flush-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    this.#confirmation.addEventListener('input', () => this.#check());
    byId('flush-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#isConfirmed) void this.#flush();
    });
  }

  /** Updates what a flush would remove from how many servers, and whether the access allows one. */
  show({ access, engine }: ServerStats, servers: number): void {
    const isAllowed = access === 'full';
    setText(
      this.#loss,
      `${wholeCount(engine.size)} entries, ${bytes(engine.bytes)} in all${servers > 1 ? `, of ${servers} servers` : ''}, will be gone for every client.`,
    );
    this.#panel.hidden = !isAllowed;
    if (!isAllowed) this.#dialog.close();
  }

  get #isConfirmed(): boolean {
    return this.#confirmation.value.trim() === CONFIRMATION;
  }

  #check(): void {
    this.#confirm.disabled = !this.#isConfirmed;
  }

  #openDialog(): void {
    setText(this.#error, '');
    this.#confirmation.value = '';
    this.#check();
    this.#dialog.showModal();
    this.#confirmation.focus();
  }

  async #flush(): Promise<void> {
    this.#confirm.disabled = true;
    try {
      await Promise.all(this.#servers.clients().map((client) => client.flush()));
      this.#dialog.close();
      setText(this.#done, `Flushed at ${timeOfDay(Date.now() / 1000, true)}.`);
    } catch (error) {
      setText(this.#error, messageOf(error));
      this.#check();
    }
  }
}
