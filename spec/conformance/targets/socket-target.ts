/** Runs a row over a connected socket: the same for hotset's servers and for memcached. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Row } from '../wire-table.js';

/** How long a reply may take before it is held to be missing. */
const PATIENCE_MS = 5000;
/** The same where another reply is expected to come. */
const SHORT_PATIENCE_MS = 400;

/** Sent last: whatever a row leaves behind shows before its reply. */
const SENTINEL = 'version\r\n';
const SENTINEL_REPLY = /VERSION [^\r\n]*\r\n$/;

export interface SocketOutcome {
  readonly replies: string;
  readonly closed: boolean;
}

export async function runOnSocket(
  row: Row,
  socket: Socket,
  pass: (seconds: number) => Promise<void>,
): Promise<SocketOutcome> {
  const patienceMs = row.differs === undefined ? PATIENCE_MS : SHORT_PATIENCE_MS;
  let replies = '';
  let closed = false;
  let arrived = (): void => {};
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    replies += text;
    arrived();
  });
  socket.on('close', () => {
    closed = true;
    arrived();
  });
  socket.on('error', () => socket.destroy());

  const until = async (done: () => boolean): Promise<void> => {
    const deadline = Date.now() + patienceMs;
    while (!done() && !closed && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  let expectedLength = 0;
  for (const turn of row.turns) {
    if (closed) break;
    if (turn.length === 1) {
      await pass(turn[0]);
      continue;
    }
    socket.write(turn[0], 'latin1');
    expectedLength += turn[1].length;
    await until(() => replies.length >= expectedLength);
  }
  if (row.closes === true) await until(() => closed);
  else if (!closed) {
    socket.write(SENTINEL);
    await until(() => replies.length > expectedLength && SENTINEL_REPLY.test(replies));
    replies = replies.replace(SENTINEL_REPLY, '');
  }
  const endedByServer = closed;
  if (!closed) {
    socket.destroy();
    await once(socket, 'close');
  }
  return { replies, closed: endedByServer };
}
