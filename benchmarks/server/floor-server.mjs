/**
 * The floor: counts request bytes, tells `get` from `set` by the first, and answers with as many canned
 * replies. It parses nothing and stores nothing: what is left is node:net.
 */

import { createServer } from 'node:net';
import { lengthsOf } from './requests.mjs';

const MAX_PIPELINE = 64;
const SET_BYTE = 's'.charCodeAt(0);

const kinds = { get: canned('get'), set: canned('set') };

function canned(command) {
  const { request, reply, sampleReply } = lengthsOf(command);
  return { requestBytes: request, replyBytes: reply, replies: Buffer.from(sampleReply.repeat(MAX_PIPELINE)) };
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending = 0;
  let kind = kinds.get;
  socket.on('data', (chunk) => {
    // A request that was split goes on with the kind that it began with.
    if (pending === 0) kind = chunk[0] === SET_BYTE ? kinds.set : kinds.get;
    pending += chunk.length;
    const complete = Math.floor(pending / kind.requestBytes);
    pending -= complete * kind.requestBytes;
    for (let left = complete; left > 0; left -= MAX_PIPELINE)
      socket.write(kind.replies.subarray(0, Math.min(left, MAX_PIPELINE) * kind.replyBytes));
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.argv[2]), '127.0.0.1');
