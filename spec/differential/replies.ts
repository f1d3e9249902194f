/**
 * Replies in a form that two servers can share: cas ids are numbered in the order in which they are seen, for each
 * server gives out its own, and its version is left out.
 */

import type { Protocol } from './stream.js';

export const BINARY_HEADER_BYTES = 24;
const BINARY_VERSION = 0x0b;

/** `VALUE` lines of gets and gats, return flags of meta commands, `me`'s cas. */
const VALUE_LINE = /^(VALUE ([^ \n]+) \d+ \d+ )(\d+)(?=\r\n)/gm;
/** An id of a command that has come to stand in data: see template.ts for its length. */
const SENT_CAS = /0000\d{8}/g;
const META_LINE = /^(?:HD|VA \d+|NS|EX|NF|EN)(?: [^\n]*?)(?=\r\n)/gm;
const META_CAS = / c(\d+)(?= |$)/g;
const META_KEY = / k([^ ]+)(?: |$)/;
const META_BASE64 = / b(?= |$)/;
/** A last access counts when memcached bumps the item, which is once a minute or so; classes and sizes are its slabs'. */
const META_IDLE = / l\d+(?= |$)/g;
/** memcached's seconds left of an item that has just been made to expire: below 0, printed as unsigned. */
const META_EXPIRED = / t4\d{9}(?= |$)/g;
/** 1.6.18 prints the seconds that are left as a negative number. */
const DEBUG_LINE = /^ME ([^ ]+) exp=-?(\d+) la=\d+ cas=(\d+) (fetch=\w+) cls=\d+ size=\d+(?=\r\n)/gm;
/** All of these, in the order in which they are told. */
const IDS =
  /^VALUE [^ \n]+ \d+ \d+ (\d+)(?=\r\n)|^(?:HD|VA \d+|NS|EX|NF|EN) (?:[^\n]* )?c(\d+)(?= |\r\n)|^ME [^\n]* cas=(\d+)/gm;
const VERSION = /^VERSION 1\.6\.\d+(?=\r\n)/gm;

export class Replies {
  readonly #names = new Map<string, string>();
  /** The cas id told last for each key. */
  readonly casIds: Map<string, string> = new Map();

  /** `reply` with ids named; whole replies only, or the ids of a cut one are missed. */
  normal(reply: string, protocol: Protocol, keys: readonly string[]): string {
    return protocol === 'text' ? this.#text(reply, keys) : this.#binary(reply, keys);
  }

  #text(reply: string, keys: readonly string[]): string {
    let text = reply;
    if (text.includes('VERSION ')) text = text.replace(VERSION, 'VERSION');
    // Named in this order whatever is replaced first: the other side may have told a part of it only.
    for (const ids of text.matchAll(IDS)) this.#name((ids[1] ?? ids[2] ?? ids[3])!);
    if (text.includes('0000')) text = text.replace(SENT_CAS, 'cas id');
    if (text.includes('VALUE '))
      text = text.replace(VALUE_LINE, (_, before: string, key: string, id: string) => {
        this.casIds.set(key, id);
        return before + this.#name(id);
      });
    if (/^(HD|VA|NS|EX) /m.test(text)) text = text.replace(META_LINE, (line) => this.#meta(line, keys));
    if (text.includes('ME '))
      text = text.replace(
        DEBUG_LINE,
        (_, key: string, seconds: string, id: string, after: string) =>
          `ME ${decoded(key, keys)} exp=${seconds} ${this.#name(id)} ${after}`,
      );
    return text;
  }

  #meta(line: string, keys: readonly string[]): string {
    const key = META_KEY.exec(line)?.[1];
    const raw = key === undefined ? undefined : decoded(key, keys);
    const plain = key === raw ? line : line.replace(META_KEY, () => ` k${raw} `).replace(META_BASE64, '');
    return plain
      .replace(META_IDLE, ' l')
      .replace(META_EXPIRED, ' t0')
      .replace(META_CAS, (_, id: string) => {
        if (raw !== undefined && id !== '0') this.casIds.set(raw, id);
        return ` c${this.#name(id)}`;
      })
      .trimEnd();
  }

  /** One line for each packet: fields and body. The low byte of an opaque says which key was meant. */
  #binary(reply: string, keys: readonly string[]): string {
    const bytes = Buffer.from(reply, 'latin1');
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (bytes.length - at < BINARY_HEADER_BYTES)
        return `${lines.join('\n')}\nrest ${bytes.toString('hex', at)}`;
      const bodyLength = bytes.readUInt32BE(at + 8);
      const id = bytes.readBigUInt64BE(at + 16).toString();
      const key = keys[bytes[at + 15]!];
      if (key !== undefined && id !== '0') this.casIds.set(key, id);
      const end = at + BINARY_HEADER_BYTES + bodyLength;
      const body =
        bytes[at + 1] === BINARY_VERSION ? '' : bytes.toString('latin1', at + BINARY_HEADER_BYTES, end);
      lines.push(
        `${bytes.toString('hex', at, at + 8)} ${bodyLength} ${bytes.toString('hex', at + 12, at + 16)} ` +
          `cas ${this.#name(id)} ${JSON.stringify(body.replace(SENT_CAS, 'cas id'))}`,
      );
      at = end;
    }
    return lines.join('\n');
  }

  #name(id: string): string {
    if (id === '0') return id;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = `#${this.#names.size + 1}`;
    this.#names.set(id, name);
    return name;
  }
}

/**
 * The key itself, where it is shown as base64. memcached forgets that a key came as base64 when it makes an item anew,
 * to append to it or for a longer number, and does not learn it from those that vivify; the wire tables hold the rule.
 */
function decoded(key: string, keys: readonly string[]): string {
  const raw = Buffer.from(key, 'base64').toString('latin1');
  return keys.includes(raw) ? raw : key;
}
