/** Says that the server cannot start or go on: one line for the user, exit code 1. */
export class StartError extends Error {}
