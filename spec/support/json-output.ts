/** Programs that print what a client returned, as one JSON object. */

import { outputOf } from './run-command.js';

/** Throws, with all that was printed, when the program fails or prints something else. */
export async function jsonOutputOf(
  command: string,
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const output = await outputOf(command, args);
  try {
    return JSON.parse(output) as Record<string, unknown>;
  } catch {
    throw new Error(`${[command, ...args].join(' ')} printed no JSON:\n${output}`);
  }
}
