/** The browser's storage, which its user may have switched off: then nothing is kept. */

type Kind = 'localStorage' | 'sessionStorage';

export function readStored(kind: Kind, name: string): string | undefined {
  try {
    return window[kind].getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writeStored(kind: Kind, name: string, text: string): void {
  try {
    window[kind].setItem(name, text);
  } catch {
    // The page works without it.
  }
}
