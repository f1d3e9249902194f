/** What the browser remembers for the page: nothing where its user forbids that, which is no reason to stop. */

type Kind = 'localStorage' | 'sessionStorage';

export function recall(kind: Kind, name: string): string | undefined {
  try {
    return window[kind].getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(kind: Kind, name: string, text: string): void {
  try {
    window[kind].setItem(name, text);
  } catch {
    // It will be asked for again.
  }
}
