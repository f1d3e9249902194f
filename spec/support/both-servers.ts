/** The same specs on hotset and on the real memcached, so that they expect nothing that memcached does not do. */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ExternalTool, memcachedTool } from './external-tool.js';
import { type RunningServer, startHotset } from './hotset-process.js';
import { startMemcached } from './memcached-process.js';

export interface Target {
  readonly name: 'hotset' | 'memcached';
  /** Known once the specs run, not while they are collected. */
  readonly port: number;
  readonly address: string;
}

/** `tool`: what the specs need besides the server. hotset runs with `--debug-clock`. */
export function describeOnBoth(
  title: string,
  tool: ExternalTool | null,
  specs: (target: Target) => void,
): void {
  const servers = [
    { name: 'hotset', needs: null, start: () => startHotset(['--debug-clock']) },
    { name: 'memcached', needs: memcachedTool(), start: () => startMemcached() },
  ] as const;
  for (const { name, needs, start } of servers) {
    const hint = `${tool?.hint ?? ''}${needs?.hint ?? ''}`;
    describe.skipIf(hint !== '')(`${title} on ${name}${hint}`, () => {
      let running: RunningServer;
      beforeAll(async () => {
        running = await start();
      });
      afterAll(() => running?.stop());
      specs({
        name,
        get port() {
          return running.port;
        },
        get address() {
          return `127.0.0.1:${running.port}`;
        },
      });
    });
  }
}

/** A spec that says nothing about memcached: it needs what only hotset has. */
export function itOnHotset(target: Target, title: string, spec: () => Promise<void>): void {
  if (target.name === 'hotset') it(title, spec);
}
