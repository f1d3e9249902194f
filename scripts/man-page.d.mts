/** The page from what `--help` says. */
export function manPage(help: string, version: string): string;
