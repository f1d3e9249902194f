/** The `hotset` command in a process of its own, on a port that is free. */

import { HOTSET_MAIN } from './project.js';
import { ServerProcess } from './server-process.js';

export interface RunningServer {
  readonly port: number;
  /** SIGTERM; throws unless the exit code is 0. */
  stop(): Promise<void>;
}

export interface KillableServer extends RunningServer {
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

/** Starts `hotset -p -1` with `flags` after it, and waits for its greeting. Specs need `dist`: see build.ts. */
export async function startHotset(flags: readonly string[] = []): Promise<RunningServer> {
  const server = new ServerProcess(process.execPath, [HOTSET_MAIN, '-p', '-1', ...flags]);
  const greeting = /^hotset \S+ listens on 127\.0\.0\.\d+:(\d+)\b.*\n/m;
  const port = await server.until(() => greeting.exec(server.stdout)?.[1]);
  return {
    port: Number(port),
    stop: async () => {
      await server.stop();
      if (server.stderr !== '') throw new Error(`hotset complained:\n${server.stderr}`);
    },
  };
}
