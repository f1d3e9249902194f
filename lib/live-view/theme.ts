/** Dark or light: the system's theme until the user presses the button. */

import { byId, setText } from './dom.js';
import { readStored, writeStored } from './storage.js';

const STORED_AS = 'hotset.theme';

/** Wires the button. `onChange` is called after every change of colours. */
export function startTheme(onChange: () => void): void {
  const button = byId('theme', HTMLButtonElement);
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = (): boolean => {
    const chosen = document.documentElement.dataset.theme;
    return chosen === undefined ? system.matches : chosen === 'dark';
  };
  const show = (): void => {
    setText(button, isDark() ? 'Light' : 'Dark');
    onChange();
  };
  const stored = readStored('localStorage', STORED_AS);
  if (stored === 'dark' || stored === 'light') document.documentElement.dataset.theme = stored;
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    writeStored('localStorage', STORED_AS, theme);
    show();
  });
  system.addEventListener('change', show);
  show();
}
