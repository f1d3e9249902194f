/** Takes a snapshot file apart and puts it together again, with checksums that are right: what no accident makes. */

import { crc32 } from 'node:zlib';
import { BLOCK_HEADER_BYTES, FOOTER_BYTES, HEADER_BYTES } from '../../lib/snapshot/format.js';

export interface Parts {
  header: Buffer;
  payloads: Buffer[];
  /** Number of entries. */
  entries: number;
}

export function takeApart(file: Buffer): Parts {
  const payloads: Buffer[] = [];
  let at = HEADER_BYTES;
  for (; at < file.length - FOOTER_BYTES; ) {
    const begin = at + BLOCK_HEADER_BYTES;
    at = begin + file.readUInt32LE(at + 4);
    payloads.push(Buffer.from(file.subarray(begin, at)));
  }
  return {
    header: Buffer.from(file.subarray(0, HEADER_BYTES)),
    payloads,
    entries: file.readDoubleLE(at + 8),
  };
}

export function putTogether({ header, payloads, entries }: Parts): Buffer {
  let chain = crc32(header.subarray(0, 24));
  header.writeUInt32LE(chain, 24);
  const blocks = payloads.map((payload, index) => {
    const head = Buffer.alloc(BLOCK_HEADER_BYTES);
    head.writeUInt32LE(index, 0);
    head.writeUInt32LE(payload.length, 4);
    head.writeUInt32LE(crc32(payload, crc32(head.subarray(0, 8))), 8);
    chain = crc32(head, chain);
    return Buffer.concat([head, payload]);
  });
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32LE(payloads.length, 0);
  footer.writeDoubleLE(entries, 8);
  footer.writeUInt32LE(chain, 16);
  footer.write('HOTSETND', 20);
  footer.writeUInt32LE(crc32(footer.subarray(0, 28)), 28);
  return Buffer.concat([header, ...blocks, footer]);
}

/** The file with its parts changed by `edit`. */
export function forged(file: Buffer, edit: (parts: Parts) => void): Buffer {
  const parts = takeApart(file);
  edit(parts);
  return putTogether(parts);
}
