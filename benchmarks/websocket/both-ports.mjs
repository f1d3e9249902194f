/** One hotset with the memcached port and the HTTP port, without cas ids, whose digits would make replies differ in length. */

import { setTimeout } from 'node:timers/promises';
import { accepts, freeAddress } from '../server/addresses.mjs';
import { HOTSET, serverContenders } from '../server/contenders.mjs';
import { startServer } from '../server/process.mjs';

const PATH = '/ws';

/** Resolves to the server and its two addresses. The HTTP address speaks `hotset.v1`. */
export async function startBoth() {
  const tcp = await freeAddress('tcp');
  const { port } = await freeAddress('tcp');
  const hotset = serverContenders().find(({ name }) => name === HOTSET);
  const server = await startServer([...hotset.command(tcp), '-C', '--http', `127.0.0.1:${port}`], tcp);
  while (!(await accepts({ transport: 'tcp', port }))) await setTimeout(20);
  return { server, tcp, http: { transport: 'hotset.v1', port, path: PATH } };
}
