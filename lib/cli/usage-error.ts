/** Says that the command line cannot be meant: one line for the user, exit code 2. */
export class UsageError extends Error {}
