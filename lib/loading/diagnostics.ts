/**
 * The tracing channel `hotset:load` of `node:diagnostics_channel` reports each call of a loader: its start, its end and its error.
 * Without subscribers it costs one check of a property.
 */

/** On `hotset:load`, for each call of a loader. Node adds `result` or `error`. */
export interface LoadMessage {
  /** What is loaded: one key, or those of a batch. */
  readonly keys: readonly unknown[];
}

interface TracingChannel {
  readonly hasSubscribers: boolean;
  tracePromise<T>(run: () => Promise<T>, message: LoadMessage): Promise<T>;
}

interface Runtime {
  getBuiltinModule?(name: string): { tracingChannel(name: string): TracingChannel } | undefined;
}

// Not imported: loading also runs where there is no Node.
const loads = (globalThis as { process?: Runtime }).process
  ?.getBuiltinModule?.('node:diagnostics_channel')
  ?.tracingChannel('hotset:load');

/** Calls `run`, and reports it where somebody listens. */
export function traced<T>(keys: readonly unknown[], run: () => Promise<T>): Promise<T> {
  return loads?.hasSubscribers ? loads.tracePromise(run, { keys }) : run();
}
