/** Reads the flags, makes room for the heap, and serves here or in a child. */

import { readFileSync, writeFileSync } from 'node:fs';
import { HotsetError } from '../errors.js';
import { VERSION } from '../version.js';
import { isDaemon, reportHandlingSignals, runInBackground, runInChild } from './child.js';
import { StartError, UsageError } from './errors.js';
import { helpText } from './flags.js';
import { planHeap } from './heap.js';
import { become, identityFor } from './identity.js';
import { printError } from './log.js';
import { serve } from './serve.js';
import { type Settings, settingsFrom } from './settings.js';

const NAME = 'hotset';
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** `script` is the file that this command was started with. */
export async function run(argv: readonly string[], script: string): Promise<void> {
  setTitle(argv);
  reportHandlingSignals();
  try {
    await act(argv, script);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof StartError || error instanceof HotsetError))
      throw error;
    printError(error.message);
    // A parent that waits for this process must not hold it back.
    process.exit(error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE);
  }
}

async function act(argv: readonly string[], script: string): Promise<void> {
  const settings = settingsFrom(argv);
  switch (settings.action) {
    case 'help':
      process.stdout.write(helpText());
      return;
    case 'version':
      process.stdout.write(`hotset ${VERSION}\n`);
      return;
    case 'license':
      process.stdout.write(readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8'));
      return;
    case 'serve':
      await serveSomewhere(settings, argv, script);
  }
}

/** Here, in a child with a larger heap, or in the background. */
async function serveSomewhere(settings: Settings, argv: readonly string[], script: string): Promise<void> {
  if (isDaemon()) {
    await serve(settings);
    return;
  }
  const plan = planHeap(settings.maxBytes);
  if ('warning' in plan && plan.warning !== undefined) printError(plan.warning);
  const oldSpaceMebibytes = plan.kind === 'child' ? plan.oldSpaceMebibytes : undefined;
  const command = { script, argv, oldSpaceMebibytes };
  if (settings.daemon) runInBackground(command, settings.verbosity > 0);
  else if (plan.kind === 'child') {
    const identity = identityFor(settings.user);
    runInChild(command, () => {
      if (identity !== null) become(identity);
    });
  } else await serve(settings);
}

/** As `ps` shows it, V8's flags among the others; `hotset` for the name alone, which `pgrep` and `top` look at. */
function setTitle(argv: readonly string[]): void {
  process.title = [NAME, ...process.execArgv, ...argv].join(' ');
  try {
    writeFileSync('/proc/self/comm', NAME);
  } catch {
    // Only Linux has it.
  }
}
