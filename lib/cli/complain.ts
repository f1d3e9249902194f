/** What goes to the user on stderr: one line, and nothing that a terminal would obey, whatever clients have put into it. */

export function complain(message: string): void {
  process.stderr.write(`hotset: ${message.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '?')}\n`);
}
