/** A question to a server of memcached's protocol, outside what is timed. */

import { once } from 'node:events';
import { connectTo } from './addresses.mjs';

/** The answer to one command, up to the line `end`; without it, of one line. */
export async function ask(address, command, end = '\r\n') {
  const socket = connectTo(address);
  await once(socket, address.transport === 'tls' ? 'secureConnect' : 'connect');
  socket.write(`${command}\r\n`);
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    answer += chunk;
    if (answer.endsWith(end)) break;
  }
  return answer;
}

/** name -> value, as `stats` has them. */
export async function statistics(address) {
  const answer = await ask(address, 'stats', 'END\r\n');
  return Object.fromEntries(
    [...answer.matchAll(/^STAT (\S+) (.*)\r$/gm)].map(([, name, value]) => [name, value]),
  );
}
