/**
 * The traffic: requests and the replies that they must get, made before anything is timed. Keys have 20 bytes;
 * a value is its key over and over, so that a reply with another key's value is found out.
 */

import { seededRandom, shuffled } from '../workloads/random.mjs';

/** Of each ten operations of `mixed`, one is a set. */
const MIXED_SET_SHARE = 0.1;
export const KEYS_PER_MULTI_GET = 10;

const MAX_KEYS = 10_000;
const MIN_KEYS = 64;
/** What all values of one cell may take together: both ends hold them, the client twice. */
const ALL_VALUES_BYTES = 48e6;

/** Larger values have fewer keys. */
export function keysFor(valueBytes) {
  return Math.max(MIN_KEYS, Math.min(MAX_KEYS, Math.floor(ALL_VALUES_BYTES / valueBytes)));
}

export function keyOf(i) {
  return `bench:key:${String(i).padStart(10, '0')}`;
}

export function valueText(i, bytes) {
  const key = keyOf(i);
  return key.repeat(Math.ceil(bytes / key.length)).slice(0, bytes);
}

const BINARY_HEADER_BYTES = 24;
const BINARY_CAS_AT = 16;

function binaryPacket(magic, opcode, { extras = '', key = '', value = '' }) {
  const header = Buffer.alloc(BINARY_HEADER_BYTES);
  header[0] = magic;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + key.length + value.length, 8);
  return `${header.toString('latin1')}${extras}${key}${value}`;
}

/** Ids are all alike: the load does not need to tell replies apart. Versions read null where there are no cas ids (`-C`). */
const rpcRequest = (method, params) => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
const rpcReply = (result) => `{"jsonrpc":"2.0","id":1,"result":${result}}`;

const NO_FLAGS = '\0'.repeat(4);
const NO_FLAGS_NO_EXPTIME = '\0'.repeat(8);

function resp(...parts) {
  return `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;
}

const memcachedValue = (i, bytes, value = valueText(i, bytes)) =>
  `VALUE ${keyOf(i)} 0 ${bytes}\r\n${value}\r\n`;
const redisValue = (i, bytes, value = valueText(i, bytes)) => `$${bytes}\r\n${value}\r\n`;

/**
 * protocol -> command -> `request(i, bytes)` and `reply(i, bytes)` for the key number `i` and values of so many
 * bytes; those of a multi-get take ten numbers. A protocol that has not the command has no such cell.
 */
const COMMANDS = {
  memcached: {
    get: {
      request: (i) => `get ${keyOf(i)}\r\n`,
      reply: (i, bytes, value = valueText(i, bytes)) => `${memcachedValue(i, bytes, value)}END\r\n`,
    },
    set: {
      request: (i, bytes, value = valueText(i, bytes)) => `set ${keyOf(i)} 0 0 ${bytes}\r\n${value}\r\n`,
      reply: () => 'STORED\r\n',
    },
    'multi-get': {
      request: (numbers) => `get ${numbers.map(keyOf).join(' ')}\r\n`,
      reply: (numbers, bytes) => `${numbers.map((i) => memcachedValue(i, bytes)).join('')}END\r\n`,
    },
    mg: {
      request: (i) => `mg ${keyOf(i)} v\r\n`,
      reply: (i, bytes) => `VA ${bytes}\r\n${valueText(i, bytes)}\r\n`,
    },
    ms: {
      request: (i, bytes) => `ms ${keyOf(i)} ${bytes}\r\n${valueText(i, bytes)}\r\n`,
      reply: () => 'HD\r\n',
    },
    'binary get': {
      request: (i) => binaryPacket(0x80, 0x00, { key: keyOf(i) }),
      reply: (i, bytes) => binaryPacket(0x81, 0x00, { extras: NO_FLAGS, value: valueText(i, bytes) }),
    },
    'binary set': {
      request: (i, bytes) =>
        binaryPacket(0x80, 0x01, { extras: NO_FLAGS_NO_EXPTIME, key: keyOf(i), value: valueText(i, bytes) }),
      reply: () => binaryPacket(0x81, 0x01, {}),
    },
  },
  'hotset.v1': {
    get: {
      request: (i) => rpcRequest('get', `{"key":"${keyOf(i)}"}`),
      reply: (i, bytes) =>
        rpcReply(`{"value":"${valueText(i, bytes)}","flags":0,"version":null,"ttlMs":null}`),
    },
    set: {
      request: (i, bytes) => rpcRequest('set', `{"key":"${keyOf(i)}","value":"${valueText(i, bytes)}"}`),
      reply: () => rpcReply('{"result":"stored","version":null}'),
    },
  },
  redis: {
    get: { request: (i) => resp('GET', keyOf(i)), reply: redisValue },
    set: {
      request: (i, bytes, value = valueText(i, bytes)) => resp('SET', keyOf(i), value),
      reply: () => '+OK\r\n',
    },
    'multi-get': {
      request: (numbers) => resp('MGET', ...numbers.map(keyOf)),
      reply: (numbers, bytes) => `*${numbers.length}\r\n${numbers.map((i) => redisValue(i, bytes)).join('')}`,
    },
  },
};

export function speaks(protocol, command) {
  return command === 'mixed' || Object.hasOwn(COMMANDS[protocol], command);
}

/** Operations that one request counts as: a multi-get counts its keys. */
export function operationsOf(command) {
  return command === 'multi-get' ? KEYS_PER_MULTI_GET : 1;
}

/**
 * All keys once, shuffled, in batches of `pipeline` requests: `{ request, reply }` as Buffers. Every process that
 * asks for the same gets the same.
 */
export function batchesOf({ protocol, command, pipeline, valueBytes }) {
  const random = seededRandom(pipeline);
  const numbers = [...shuffled(keysFor(valueBytes), random)];
  const requests = [];
  const perRequest = operationsOf(command);
  for (let at = 0; at + perRequest <= numbers.length; at += perRequest) {
    const own = perRequest === 1 ? numbers[at] : numbers.slice(at, at + perRequest);
    const name = command === 'mixed' ? (random() < MIXED_SET_SHARE ? 'set' : 'get') : command;
    const { request, reply } = COMMANDS[protocol][name];
    requests.push({ request: request(own, valueBytes), reply: reply(own, valueBytes) });
  }
  const batches = [];
  for (let at = 0; at < requests.length; at += pipeline) {
    const batch = requests.slice(at, at + pipeline);
    batches.push({
      requests: batch.length,
      request: joined(
        protocol,
        batch.map(({ request }) => request),
      ),
      reply: joined(
        protocol,
        batch.map(({ reply }) => reply),
      ),
    });
  }
  return batches;
}

/** One after the other; requests of JSON-RPC that are sent together are a batch. */
function joined(protocol, texts) {
  const isBatch = protocol === 'hotset.v1' && texts.length > 1;
  return Buffer.from(isBatch ? `[${texts.join(',')}]` : texts.join(''), 'latin1');
}

/** For who stores all keys and looks again: with `version` 1 each key has another one's value. */
export function setAndCheck(protocol, valueBytes, version) {
  const { get, set } = COMMANDS[protocol];
  const valueFor = (i) => valueText(i + version, valueBytes);
  return {
    set: (i) => set.request(i, valueBytes, valueFor(i)),
    stored: set.reply(),
    get: get.request,
    item: (i) => get.reply(i, valueBytes, valueFor(i)),
  };
}

/** One request as latin1 text and the length of its reply, made on the spot: for more keys than can be made ready. */
export function requestAndReply(protocol, command, i, valueBytes, random) {
  const name = command === 'mixed' ? (random() < MIXED_SET_SHARE ? 'set' : 'get') : command;
  const { request } = COMMANDS[protocol][name];
  return { request: request(i, valueBytes), replyBytes: replyBytesOf(protocol, name, valueBytes) };
}

const replyLengths = new Map();

/** The same for all keys. */
function replyBytesOf(protocol, command, valueBytes) {
  const name = `${protocol} ${command} ${valueBytes}`;
  let bytes = replyLengths.get(name);
  if (bytes === undefined) {
    bytes = COMMANDS[protocol][command].reply(0, valueBytes).length;
    replyLengths.set(name, bytes);
  }
  return bytes;
}

/** One request and its reply, for who answers without reading. Their lengths are the same for all keys. */
export function sampleOf({ protocol, command, valueBytes }) {
  const own = operationsOf(command) === 1 ? 0 : Array.from({ length: KEYS_PER_MULTI_GET }, (_, i) => i);
  const { request, reply } = COMMANDS[protocol][command];
  return { requestBytes: request(own, valueBytes).length, reply: reply(own, valueBytes) };
}

/** Replies as they can be compared: without the cas ids that a server of the binary protocol may choose. */
export function comparable(command, bytes) {
  if (!command.startsWith('binary')) return bytes;
  const masked = Buffer.from(bytes);
  for (let at = 0; at + BINARY_HEADER_BYTES <= masked.length; ) {
    masked.fill(0, at + BINARY_CAS_AT, at + BINARY_HEADER_BYTES);
    at += BINARY_HEADER_BYTES + masked.readUInt32BE(at + 8);
  }
  return masked;
}
