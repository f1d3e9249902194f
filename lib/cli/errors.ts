/** What ends the command with one line for its user. */

/** The command line makes no sense: exit code 2. */
export class UsageError extends Error {}

/** The server cannot start: exit code 1. */
export class StartError extends Error {}
