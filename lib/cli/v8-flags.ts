/** Which of V8's flags the user has given, which are then left alone. */

/** Whether this flag was given on the command line or in NODE_OPTIONS; V8 takes `_` for any `-` of a name. */
export function isV8FlagGiven(name: string): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) =>
    text.replaceAll('_', '-').includes(`--${name}`),
  );
}
