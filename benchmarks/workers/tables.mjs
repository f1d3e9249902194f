/** The figures of processes that share a machine, as rows for the terminal and for the docs. */

import { fixed } from '../harness/table.mjs';

export function workersTable({ figures }) {
  return {
    head: [
      '',
      'requests a second, all processes',
      'CPU, us a request',
      'of it the server',
      'loads',
      'hot set out of date at the end',
    ],
    rows: figures.map(({ name, perSecond, cpuUs, serverCpuUs, loads, staleShare }) => [
      name,
      Math.round(perSecond / 1000) * 1000,
      fixed(cpuUs, 1),
      serverCpuUs === 0 ? '-' : fixed(serverCpuUs, 1),
      loads,
      `${fixed(100 * staleShare, 1)} %`,
    ]),
  };
}
