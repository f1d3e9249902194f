/**
 * Reads from a socket without its stream's queue. A socket calls `push` with each chunk that it has read. Readable's
 * own `push` queues the chunk, emits an event and schedules a check for the next tick: half a microsecond, as much as
 * a whole `get`. While the stream flows and its queue is empty, none of that is needed. In all other cases, and in a
 * version of Node that does not call this method, bytes arrive through the queue and its `data` event, in order.
 */

import type { Socket } from 'node:net';

/** Calls `onData` with each chunk; returns a function that stops it. */
export function readDirectly(socket: Socket, onData: (chunk: Buffer) => void): () => void {
  const { push } = socket;
  socket.on('data', onData);
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || socket.readableFlowing !== true || socket.readableLength > 0)
      return push.call(socket, chunk, encoding);
    onData(chunk);
    return true;
  };
  return () => {
    socket.push = push;
    socket.off('data', onData);
  };
}
