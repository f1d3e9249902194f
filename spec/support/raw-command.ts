/** One command line over a connection of its own, without any client. */

import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends `line` and `quit`, and returns all that the server answered. */
export async function rawCommand(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.write(`${line}\r\nquit\r\n`, 'latin1');
  await once(socket, 'close');
  return answer;
}

/** Moves the clock of a hotset that was started with `--debug-clock`. */
export async function skipTime(port: number, seconds: number): Promise<void> {
  const answer = await rawCommand(port, `debugtime ${seconds}`);
  if (answer !== 'OK\r\n') throw new Error(`debugtime was answered with ${JSON.stringify(answer)}`);
}
