/** Dark or light: as the system has it, until the button says otherwise. */

import { byId, setText } from './dom.js';
import { recall, remember } from './storage.js';

const STORED_AS = 'hotset.theme';

/** Wires the button; `onChange` is called when colours have changed, by whatever. */
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
  const stored = recall('localStorage', STORED_AS);
  if (stored === 'dark' || stored === 'light') document.documentElement.dataset.theme = stored;
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    remember('localStorage', STORED_AS, theme);
    show();
  });
  system.addEventListener('change', show);
  show();
}
