/** The button that empties the cache: shown only where the server allows it, and asks before it does. */

import type { HotsetClient, ServerStats } from '../client/index.js';
import { byId, messageOf, setText } from './dom.js';
import { bytes, timeOfDay, wholeCount } from './format.js';

/** What has to be typed. */
const WORD = 'FLUSH';

export class Flush {
  readonly #client: () => HotsetClient;
  readonly #panel = byId('flush-panel', HTMLElement);
  readonly #dialog = byId('flush-dialog', HTMLDialogElement);
  readonly #loss = byId('flush-loss', HTMLElement);
  readonly #word = byId('flush-word', HTMLInputElement);
  readonly #confirm = byId('flush-confirm', HTMLButtonElement);
  readonly #error = byId('flush-error', HTMLElement);
  readonly #done = byId('flush-done', HTMLElement);

  constructor(client: () => HotsetClient) {
    this.#client = client;
    byId('flush', HTMLButtonElement).addEventListener('click', () => this.#ask());
    byId('flush-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    this.#word.addEventListener('input', () => this.#check());
    byId('flush-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#isConfirmed) void this.#flush();
    });
  }

  /** Takes what would be lost, and whether the server allows it at all. */
  show({ access, engine }: ServerStats): void {
    const isAllowed = access === 'full';
    setText(
      this.#loss,
      `${wholeCount(engine.size)} entries, ${bytes(engine.bytes)} in all, will be gone for every client.`,
    );
    this.#panel.hidden = !isAllowed;
    if (!isAllowed) this.#dialog.close();
  }

  get #isConfirmed(): boolean {
    return this.#word.value.trim() === WORD;
  }

  #check(): void {
    this.#confirm.disabled = !this.#isConfirmed;
  }

  #ask(): void {
    setText(this.#error, '');
    this.#word.value = '';
    this.#check();
    this.#dialog.showModal();
    this.#word.focus();
  }

  async #flush(): Promise<void> {
    this.#confirm.disabled = true;
    try {
      await this.#client().flush();
      this.#dialog.close();
      setText(this.#done, `Flushed at ${timeOfDay(Date.now() / 1000, true)}.`);
    } catch (error) {
      setText(this.#error, messageOf(error));
      this.#check();
    }
  }
}
