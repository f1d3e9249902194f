/**
 * Hands on what a socket reads without a stop in its stream's queue. `push` is where a socket leaves each chunk
 * that it has read; Readable's own puts it into the queue's order, emits an event for it and plans for the next
 * tick to look whether to read more: half a microsecond, as much as a whole `get`. While the stream flows and
 * holds nothing, none of that decides anything. In all other cases, and whenever a version of Node should not
 * ask this method, bytes come by way of the queue and its `data` event, in their order.
 */

import type { Socket } from 'node:net';

/** Calls `onData` with each chunk; returns what ends that. */
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
