/** Helpers for the DOM. Texts become text nodes, never HTML. */

/** The page's element with this id. Throws when it is missing or of another type. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return found;
}

/** A new element. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/** Text from outside, such as a key. CSS cuts it where there is no room; the tooltip has all of it. */
export function createForeign<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text: string,
): HTMLElementTagNameMap[Tag] {
  const made = create(tag, 'foreign', text);
  made.title = text;
  return made;
}

/** Sets the text, but only where it differs. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A panel of the page's grid, with a heading. */
export function createPanel(title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const panel = create('section', 'panel', create('h2', '', title), ...children);
  panel.setAttribute('aria-label', title);
  return panel;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
