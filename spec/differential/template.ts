/**
 * Commands as templates: latin1 text with marks, which become bytes when a stream runs. So a stream can run
 * again on keys that no run has used, and name cas ids that each server gives out in its own way.
 */

/** Distinguishes a run's keys from those of all other runs. */
export const TAG = '\ue000';
export const TAG_BYTES = 5;
const BASE64_OF = '\ue001';
const CAS_OF = '\ue003';
const CAS_BYTES_OF = '\ue004';
const END = '\ue002';

/** The key as base64. */
export function base64(key: string): string {
  return `${BASE64_OF}${key}${END}`;
}

/** The cas id that the server has told of `key` last, in decimal. */
export function casOf(key: string): string {
  return `${CAS_OF}${key}${END}`;
}

/** The same as 8 bytes. */
export function casBytesOf(key: string): string {
  return `${CAS_BYTES_OF}${key}${END}`;
}

/** What a key that no reply has told the cas id of stands for: an id that matches nothing. */
const UNKNOWN_CAS = '999999999999';

/** A cas id that stands in another token than its own would make keys that differ. */
export function joinsCas(template: string): boolean {
  return /(?:[^ ]C|[^ C])\ue003|\ue003[^\ue002]*\ue002[^ \r\n]/.test(template);
}

const MARK = /[\ue001\ue003\ue004][^\ue002]*\ue002|\ue000/g;

/** The bytes, as latin1, of `template`. */
export function expand(template: string, tag: string, casIds: ReadonlyMap<string, string>): string {
  return template.replace(MARK, (mark) => {
    if (mark === TAG) return tag;
    const key = mark.slice(1, -1).replace(TAG, tag);
    if (mark[0] === BASE64_OF) return Buffer.from(key, 'latin1').toString('base64');
    const id = casIds.get(key) ?? UNKNOWN_CAS;
    // As long on both sides, for it may come to stand in data.
    if (mark[0] === CAS_OF) return id.padStart(UNKNOWN_CAS.length, '0');
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(id));
    return bytes.toString('latin1');
  });
}

/** Parts of a template that may be changed, and marks that may not. */
export function parts(template: string): string[] {
  return template.split(/([\ue001\ue003\ue004][^\ue002]*\ue002|\ue000)/);
}

export function isMark(part: string): boolean {
  return part >= TAG;
}
