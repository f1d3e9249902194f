/** The little that the page needs of the DOM. Texts become text nodes, whatever is in them: never HTML. */

/** The element of the page with this id. Throws when there is none of the type: page and script do not fit. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return found;
}

/** A new element. Texts among the children stay texts. */
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

/** A text that came from outside, a key above all: cut by CSS where there is no room, whole in its tooltip. */
export function createForeign<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text: string,
): HTMLElementTagNameMap[Tag] {
  const made = create(tag, 'foreign', text);
  made.title = text;
  return made;
}

/** Leaves the page alone when nothing changes. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A panel with a heading, as the page's grid takes it. */
export function createPanel(title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const panel = create('section', 'panel', create('h2', '', title), ...children);
  panel.setAttribute('aria-label', title);
  return panel;
}

/** What an error says, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
