/** Messages to the user on stderr. */

export function complain(message: string): void {
  process.stderr.write(`hotset: ${oneLine(message)}\n`);
}

/** One line that no terminal obeys, whatever clients have put into it. */
export function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '?');
}
