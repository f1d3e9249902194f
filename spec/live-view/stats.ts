/** What a server answers to `stats`, made up for specs. */

import type { ServerStats } from '../../lib/client/index.js';

type Parts = { [Section in keyof ServerStats]?: Partial<ServerStats[Section]> };

/** The statistics of an idle server that has run for `uptimeMs`, with these figures in place of zeros. */
export function statsAt(uptimeMs: number, parts: Parts = {}): ServerStats {
  const zeros = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, 0]));
  const idle = {
    version: '1.2.3',
    uptimeMs,
    access: 'full',
    engine: {
      ...zeros(['hits', 'misses', 'hitRatio', 'evictions', 'expirations', 'size', 'bytes']),
      recent: { reads: 0, hits: 0, hitRatio: 0 },
      maxBytes: 64 * 2 ** 20,
      maxEntries: Number.POSITIVE_INFINITY,
    },
    commands: zeros([
      ...['cmd_get', 'cmd_set', 'cmd_touch', 'get_hits', 'get_misses', 'delete_hits', 'delete_misses'],
      ...['incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'],
    ]),
    connections: { current: 1, total: 1, rejected: 0, max: 1024 },
    network: { bytesRead: 0, bytesWritten: 0 },
  };
  const filled = Object.entries(idle).map(([section, figures]) => {
    const part = parts[section as keyof Parts];
    return [section, typeof figures === 'object' ? { ...figures, ...(part as object) } : figures];
  });
  return Object.fromEntries(filled) as ServerStats;
}
