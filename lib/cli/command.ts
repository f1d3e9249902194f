/** Reads the flags, and serves here or in the background. */

import { readFileSync, writeFileSync } from 'node:fs';
import { HotsetError } from '../errors.js';
import { VERSION } from '../version.js';
import { isDaemon, runInBackground } from './background.js';
import { StartError, UsageError } from './errors.js';
import { helpText } from './flags.js';
import { printError } from './log.js';
import { serve } from './serve.js';
import { settingsFrom } from './settings.js';

const NAME = 'hotset';
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** `script` is the file that this command was started with. */
export async function run(argv: readonly string[], script: string): Promise<void> {
  setTitle(argv);
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
  if (argv[0] === 'replay') {
    const { replay } = await import('./replay/replay.js');
    await replay(argv.slice(1));
    return;
  }
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
      if (settings.daemon && !isDaemon()) runInBackground(script, argv, settings.verbosity > 0);
      else await serve(settings, script);
  }
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
