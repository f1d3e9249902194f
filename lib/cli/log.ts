/**
 * The server's log: a line for each event, with its time. Events of one kind take at most one line per second, which
 * counts those left out: a flood of refusals must not fill the disk. `-vv` shows every connection and command.
 */

import type { LogEvent, LogKind } from '../server-log.js';

export type LogFormat = 'text' | 'json';

/** What the log needs of the process. */
export interface LogOutput {
  write(text: string): void;
  /** Unix time in milliseconds. */
  now(): number;
  /** Calls `callback` later, unless the process ends before. */
  after(delayMs: number, callback: () => void): void;
}

/** Of servers, and of what only the command logs. */
type Event = Omit<LogEvent, 'kind'> & { readonly kind: LogKind | 'request-failed' };

interface Flood {
  leftOut: number;
  /** The last one left out. */
  print: (leftOut: number) => void;
}

const FLOOD_MS = 1000;
const LEVEL_NAMES: readonly string[] = ['warn', 'info', 'debug'];

export class Log {
  readonly #format: LogFormat;
  readonly #output: LogOutput;
  /** Kinds that have had their line in this second. */
  readonly #floods = new Map<Event['kind'], Flood>();

  constructor(format: LogFormat, output: LogOutput) {
    this.#format = format;
    this.#output = output;
  }

  /** Logs an event of a server, or, without `event`, what concerns the process. */
  readonly write = (message: string, event?: Event): void => {
    const flood = event === undefined ? undefined : this.#floods.get(event.kind);
    if (flood !== undefined) {
      flood.leftOut++;
      flood.print = (leftOut) => this.#print(message, event, leftOut);
      return;
    }
    this.#print(message, event, 0);
    if (event !== undefined && event.level < 2) this.#watch(event.kind);
  };

  /** Logs what failed while a client was served, and where. */
  readonly fail = (error: unknown): void => {
    const reason = error instanceof Error ? error.stack : String(error);
    this.write(`a request failed: ${reason}`, { kind: 'request-failed', level: 0 });
  };

  /** Writes what floods have left out so far. */
  flush(): void {
    for (const kind of this.#floods.keys()) this.#endFlood(kind);
  }

  #watch(kind: Event['kind']): void {
    this.#floods.set(kind, { leftOut: 0, print: () => {} });
    this.#output.after(FLOOD_MS, () => {
      if (this.#endFlood(kind)) this.#watch(kind);
    });
  }

  /** Returns whether any were left out. */
  #endFlood(kind: Event['kind']): boolean {
    const { leftOut = 0, print } = this.#floods.get(kind) ?? {};
    this.#floods.delete(kind);
    if (leftOut === 0) return false;
    print!(leftOut - 1);
    return true;
  }

  #print(message: string, event: Event | undefined, leftOut: number): void {
    const time = new Date(this.#output.now()).toISOString();
    if (this.#format === 'json') {
      const level = LEVEL_NAMES[event?.level ?? 0];
      const { kind, address } = event ?? {};
      const more = leftOut === 0 ? {} : { leftOut };
      this.#output.write(`${JSON.stringify({ time, level, event: kind, address, message, ...more })}\n`);
      return;
    }
    const address = event?.address === undefined ? '' : ` (${event.address})`;
    const more = leftOut === 0 ? '' : `; ${leftOut} more of the kind in this second`;
    this.#output.write(`${time} hotset: ${oneLine(message)}${address}${more}\n`);
  }
}

/** The log of this process, on stderr. */
export function openLog(format: LogFormat): Log {
  const log = new Log(format, {
    write: (text) => process.stderr.write(text),
    now: () => Date.now(),
    after: (delayMs, callback) => setTimeout(callback, delayMs).unref(),
  });
  process.on('exit', () => log.flush());
  return log;
}

/** For the user, on stderr: why the command does not start. */
export function printError(message: string): void {
  process.stderr.write(`hotset: ${oneLine(message)}\n`);
}

/** One line without control characters, whatever clients have put into it. */
function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '?');
}
