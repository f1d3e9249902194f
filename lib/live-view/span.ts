/** How much of the past the charts show: ten minutes until the user presses another button. */

import { byId } from './dom.js';
import { readStored, writeStored } from './storage.js';

const STORED_AS = 'hotset.span';
const DEFAULT = '600';

/** Wires the buttons. `onChange` is called at once, and after every change. */
export function startSpan(onChange: (seconds: number) => void): void {
  const buttons = [...byId('span', HTMLFieldSetElement).querySelectorAll('button')];
  const choose = (seconds: string): void => {
    for (const button of buttons)
      button.setAttribute('aria-pressed', String(button.dataset.seconds === seconds));
    onChange(Number(seconds));
  };
  for (const button of buttons)
    button.addEventListener('click', () => {
      choose(button.dataset.seconds!);
      writeStored('localStorage', STORED_AS, button.dataset.seconds!);
    });
  const stored = readStored('localStorage', STORED_AS);
  choose(buttons.some(({ dataset }) => dataset.seconds === stored) ? stored! : DEFAULT);
}
