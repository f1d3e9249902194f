/** Errors that end the command with one line for its user. */

/** The command line is invalid: exit code 2. */
export class UsageError extends Error {}

/** The server cannot start: exit code 1. */
export class StartError extends Error {}
