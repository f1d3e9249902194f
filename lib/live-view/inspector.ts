/**
 * The metadata of one entry, and on request its value, where the server's `access` allows. Reading the value moves the
 * entry to the newest end; inspecting it does not. Several servers are all asked: only their clients know the ring.
 */

import type { HotsetClient, Inspection } from '../client/index.js';
import { byId, create, messageOf, setText } from './dom.js';
import { excerptOf, type Form, formsOf } from './excerpt.js';
import { bytes, duration } from './format.js';
import type { Servers } from './servers.js';

const FORM_NAMES: Readonly<Record<Form, string>> = { json: 'JSON', text: 'Text', hex: 'Hex' };

type Row = readonly [label: string, text: (entry: Inspection) => string];

const ROWS: readonly Row[] = [
  ['Value', ({ valueBytes }) => bytes(valueBytes)],
  ['With key and overhead', (entry) => bytes(entry.bytes)],
  ['Expires', ({ ttlMs }) => (ttlMs === Number.POSITIVE_INFINITY ? 'never' : `in ${duration(ttlMs)}`)],
  ['Stored', ({ ageMs }) => (ageMs === null ? 'unknown' : `${duration(ageMs)} ago`)],
  ['Last used', ({ idleMs }) => `${duration(idleMs)} ago`],
  ['Read since stored', ({ fetched }) => (fetched ? 'yes' : 'no')],
  ['Flags', ({ flags }) => String(flags)],
  ['Version', ({ version }) => version ?? 'none'],
];

export class Inspector {
  readonly #servers: Servers;
  readonly #input = byId('inspect-key', HTMLInputElement);
  readonly #message = byId('inspect-message', HTMLElement);
  readonly #facts = byId('inspect-facts', HTMLElement);
  readonly #valueBox = byId('inspect-value', HTMLElement);
  readonly #showValue = byId('show-value', HTMLButtonElement);
  readonly #forms = byId('value-forms', HTMLFieldSetElement);
  readonly #note = byId('value-note', HTMLElement);
  readonly #text = byId('value-text', HTMLTextAreaElement);
  /** The key that is shown, and the client of the server that has it. */
  #shown: { readonly key: string; readonly client: HotsetClient } | null = null;
  /** Replies to older requests are not shown. */
  #requestId = 0;

  constructor(servers: Servers) {
    this.#servers = servers;
    byId('inspect', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.inspect(this.#input.value);
    });
    this.#showValue.addEventListener('click', () => void this.#fetchValue());
  }

  /** Whether the access allows to read values. */
  set mayRead(mayRead: boolean) {
    this.#valueBox.hidden = !mayRead;
  }

  /** Shows the metadata of `key`, or why there is none. Never rejects. */
  async inspect(key: string): Promise<void> {
    this.#input.value = key;
    const requestId = ++this.#requestId;
    this.#clear();
    try {
      this.#servers.clients();
      const { connected } = this.#servers;
      const entries = await Promise.all(connected.map(({ client }) => client.inspect(key)));
      if (requestId !== this.#requestId) return;
      const holders = connected.filter((_, i) => entries[i] !== undefined);
      const entry = entries.find((found) => found !== undefined);
      if (!entry)
        return setText(this.#message, 'There is no such entry: never stored, evicted, expired or deleted.');
      const places = holders.map(({ server }) => server.name).join(' and ');
      setText(this.#message, this.#servers.all.length > 1 ? `On ${places}.` : '');
      this.#shown = { key, client: holders[0]!.client };
      this.#facts.replaceChildren(
        ...ROWS.map(([label, text]) =>
          create('div', '', create('dt', '', label), create('dd', '', text(entry))),
        ),
      );
      this.#showValue.disabled = false;
    } catch (error) {
      if (requestId === this.#requestId) setText(this.#message, messageOf(error));
    }
  }

  async #fetchValue(): Promise<void> {
    if (this.#shown === null) return;
    const { key, client } = this.#shown;
    const requestId = ++this.#requestId;
    try {
      const value = await client.get(key, { as: 'bytes' });
      if (requestId !== this.#requestId) return;
      if (value === undefined) setText(this.#note, 'The entry is gone.');
      else this.#show(value);
    } catch (error) {
      if (requestId === this.#requestId) setText(this.#note, messageOf(error));
    }
  }

  #show(value: Uint8Array): void {
    const forms = formsOf(value);
    const choose = (form: Form): void => {
      const { text, shownBytes } = excerptOf(value, form);
      this.#text.value = text;
      this.#text.hidden = value.length === 0;
      const cut = shownBytes < value.length ? `, the first ${bytes(shownBytes)}` : '';
      setText(this.#note, value.length === 0 ? 'The value is empty.' : `${bytes(value.length)}${cut}`);
      for (const [i, button] of [...this.#forms.children].entries())
        button.setAttribute('aria-pressed', String(forms[i] === form));
    };
    this.#forms.replaceChildren(
      ...forms.map((form) => {
        const button = create('button', '', FORM_NAMES[form]);
        button.type = 'button';
        button.addEventListener('click', () => choose(form));
        return button;
      }),
    );
    choose(forms[0]!);
  }

  #clear(): void {
    this.#shown = null;
    this.#showValue.disabled = true;
    this.#facts.replaceChildren();
    this.#forms.replaceChildren();
    this.#text.hidden = true;
    this.#text.value = '';
    setText(this.#note, '');
  }
}
