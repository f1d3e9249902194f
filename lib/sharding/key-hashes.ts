/**
 * The hashes that rings are made with, over the UTF-8 of a text, as unsigned 32-bit numbers: MD5 (RFC 1321), the two others of
 * libmemcached and twemproxy, and MurmurHash3_x86_32 (Appleby). Not `node:crypto`: these run in browsers, know no FIPS mode,
 * and allocate nothing. O(length).
 *
 * `fnv1a_64` and `one_at_a_time` read a byte from 128 on as a negative number, as C's `char` is on x86.
 */

/** A hash of a key. */
export type KeyHash = (key: string) => number;

let bytes = new Uint8Array(1024);
const encoder = new TextEncoder();

/** Puts the text's UTF-8 into `bytes`, with room for MD5's padding, and returns its length. */
function encode(text: string): number {
  if (bytes.length < text.length * 3 + 72) bytes = new Uint8Array(text.length * 6 + 72);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encodeInto(text, bytes).written;
    bytes[i] = code;
  }
  return text.length;
}

/** Rotations of MD5's four rounds, and the table that the RFC makes of a sine. */
const ROTATIONS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const words = new Int32Array(16);

/** The four words of a text's MD5, as the digest's bytes have them in little-endian order. */
export function md5Words(text: string, into: Uint32Array): void {
  const length = encode(text);
  const end = ((length + 8) >> 6) * 64 + 64;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  for (let i = 0, bits = length * 8; i < 8; i++, bits = Math.floor(bits / 256))
    bytes[end - 8 + i] = bits & 255;
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let block = 0; block < end; block += 64) {
    for (let i = 0, at = block; i < 16; i++, at += 4)
      words[i] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    for (let i = 0; i < 64; i++) {
      let mixed: number;
      let word: number;
      if (i < 16) {
        mixed = (b & c) | (~b & d);
        word = i;
      } else if (i < 32) {
        mixed = (d & b) | (~d & c);
        word = (5 * i + 1) & 15;
      } else if (i < 48) {
        mixed = b ^ c ^ d;
        word = (3 * i + 5) & 15;
      } else {
        mixed = c ^ (b | ~d);
        word = (7 * i) & 15;
      }
      const sum = (a + mixed + SINES[i]! + words[word]!) | 0;
      const rotation = ROTATIONS[((i >> 4) << 2) | (i & 3)]!;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  into[0] = a0;
  into[1] = b0;
  into[2] = c0;
  into[3] = d0;
}

const digest = new Uint32Array(4);

/** The first four bytes of the MD5. */
function md5(key: string): number {
  md5Words(key, digest);
  return digest[0]!;
}

/** FNV-1a in the lower half of 64 bits, which is all that libmemcached and twemproxy compute of it. */
function fnv1a64(key: string): number {
  const length = encode(key);
  let hash = 0x84222325 | 0;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ ((bytes[i]! << 24) >> 24), 0x1b3);
  return hash >>> 0;
}

/** Jenkins' one-at-a-time, libmemcached's default. */
function oneAtATime(key: string): number {
  const length = encode(key);
  let hash = 0;
  for (let i = 0; i < length; i++) {
    hash = (hash + ((bytes[i]! << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) >>> 0;
}

/** By the names that libmemcached and twemproxy give them. */
export const KEY_HASHES: Readonly<Record<'md5' | 'fnv1a_64' | 'one_at_a_time', KeyHash>> = {
  md5,
  fnv1a_64: fnv1a64,
  one_at_a_time: oneAtATime,
};

/** MurmurHash3_x86_32. */
export function murmur3(text: string, seed: number): number {
  const length = encode(text);
  let hash = seed | 0;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    hash ^= scrambled(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length; i-- > whole; ) tail = (tail << 8) | bytes[i]!;
  if (whole < length) hash ^= scrambled(tail);
  return finished(hash ^ length);
}

function scrambled(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** The last step of MurmurHash3: a bijection of 32 bits, in which every bit of the input moves every bit of the output. */
export function finished(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
