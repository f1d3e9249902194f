/** One hotset with the memcached port and the HTTP port, without cas ids, whose digits would make replies differ in length. */

import { freeAddress } from '../server/addresses.mjs';
import { HOTSET, serverContenders } from '../server/contenders.mjs';
import { startServer } from '../server/process.mjs';

const PATH = '/ws';

/** Resolves to the server and its two addresses; that of HTTP is one of `hotset.v1` unless told otherwise. */
export async function startBoth() {
  const tcp = await freeAddress('tcp');
  const { port } = await freeAddress('tcp');
  const hotset = serverContenders().find(({ name }) => name === HOTSET);
  const server = await startServer([...hotset.command(tcp), '-C', '--http', `127.0.0.1:${port}`], tcp);
  return { server, tcp, http: { transport: 'hotset.v1', port, path: PATH } };
}
