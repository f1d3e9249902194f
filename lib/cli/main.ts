#!/usr/bin/env node
/** The `hotset` command: reads the flags, makes room for the heap, and serves here or in a child. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HotsetError } from '../errors.js';
import { VERSION } from '../version.js';
import { isDaemon, runInBackground, runInChild } from './child.js';
import { complain } from './complain.js';
import { helpText } from './flags.js';
import { planHeap } from './heap.js';
import { become, identityFor } from './identity.js';
import { serve } from './serve.js';
import { type Settings, settingsFrom } from './settings.js';
import { StartError } from './start-error.js';
import { UsageError } from './usage-error.js';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StartError || error instanceof HotsetError))
    throw error;
  complain(error.message);
  // Whoever waits for this process to serve must not hold it.
  process.exit(error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE);
}

async function run(argv: readonly string[]): Promise<void> {
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
      await serveSomewhere(settings, argv);
  }
}

/** Here, in a child with a larger heap, or in the background. */
async function serveSomewhere(settings: Settings, argv: readonly string[]): Promise<void> {
  if (isDaemon()) {
    await serve(settings);
    return;
  }
  const plan = planHeap(settings.maxBytes);
  if ('warning' in plan && plan.warning !== undefined) complain(plan.warning);
  const oldSpaceMebibytes = plan.kind === 'child' ? plan.oldSpaceMebibytes : undefined;
  const command = { script: fileURLToPath(import.meta.url), argv, oldSpaceMebibytes };
  if (settings.daemon) runInBackground(command);
  else if (plan.kind === 'child') {
    const identity = identityFor(settings.user);
    runInChild(command, () => {
      if (identity !== null) become(identity);
    });
  } else await serve(settings);
}
