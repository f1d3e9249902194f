/** WebSocket without a library on the load's side: the handshake, and frames made before anything is timed. */

/** transport -> how its frames and its handshake look. Addresses of these have a `path`. */
export const WEBSOCKETS = {
  'memcached frames': { subprotocol: 'memcached', opcode: 0x2 },
  'hotset.v1': { subprotocol: 'hotset.v1', opcode: 0x1 },
};

const FINAL = 0x80;
const PING = 0x9;
const MASKED = 0x80;
/** Clients have to mask. A mask of zeros leaves the payload as it is; servers unmask it all the same. */
const NO_MASK = Buffer.alloc(4);

function header(opcode, bytes, maskBit) {
  if (bytes < 126) return Buffer.from([FINAL | opcode, maskBit | bytes]);
  if (bytes < 65_536) return Buffer.from([FINAL | opcode, maskBit | 126, bytes >> 8, bytes & 0xff]);
  const long = Buffer.alloc(10);
  long.set([FINAL | opcode, maskBit | 127]);
  long.writeBigUInt64BE(BigInt(bytes), 2);
  return long;
}

/** One text or binary frame, as the transport's subprotocol has it. */
export function clientFrame(transport, payload) {
  const bytes = Buffer.from(payload);
  return Buffer.concat([header(WEBSOCKETS[transport].opcode, bytes.length, MASKED), NO_MASK, bytes]);
}

/** Batches as they go over a transport: those of a WebSocket are one frame each way. */
export function framed(batches, transport) {
  const websocket = WEBSOCKETS[transport];
  if (websocket === undefined) return batches;
  const { opcode } = websocket;
  return batches.map(({ requests, request, reply }) => ({
    requests,
    request: clientFrame(transport, request),
    reply: Buffer.concat([header(opcode, reply.length, 0), reply]),
  }));
}

/** The length of a ping at this place, between two frames; 0 where there is none. */
export function pingBytes(buffer, at) {
  return buffer[at] === (FINAL | PING) && buffer[at + 1] === 0 ? 2 : 0;
}

export function handshake({ transport, port, path }) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${WEBSOCKETS[transport].subprotocol}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
