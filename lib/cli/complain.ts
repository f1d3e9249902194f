/** What goes to the user on stderr: one line, and nothing that a terminal would obey, whatever clients have put into it. */

export function complain(message: string): void {
  process.stderr.write(`hotset: ${message.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '?')}\n`);
}

/** What failed while a client was served, with where. */
export function complainOfRequest(error: unknown): void {
  complain(`a request failed: ${error instanceof Error ? error.stack : String(error)}`);
}
