/**
 * Replies in a form that two servers can share: cas ids are numbered in the order in which they are seen, for each
 * server gives out its own, and its version is left out.
 */

import type { Protocol } from './stream.js';

export const BINARY_HEADER_BYTES = 24;
const BINARY_VERSION = 0x0b;

/** `VALUE` lines of gets and gats, return flags of meta commands, `me`'s cas. */
const VALUE_LINE = /^(VALUE ([^ \n]+) \d+ \d+ )(\d+)(?=\r\n)/gm;
const META_LINE = /^(?:HD|VA \d+|NS|EX|NF|EN)(?: [^\r\n]*)(?=\r\n)/gm;
const META_CAS = / c(\d+)(?= |$)/g;
const META_KEY = / k([^ ]+)(?: |$)/;
const DEBUG_CAS = /^(ME [^\n]* cas=)(\d+)/gm;
const VERSION = /^VERSION 1\.6\.\d+(?=\r\n)/gm;

export class Replies {
  readonly #names = new Map<string, string>();
  /** The cas id told last for each key. */
  readonly casIds: Map<string, string> = new Map();

  /** `reply` with ids named; whole replies only, or the ids of a cut one are missed. */
  normal(reply: string, protocol: Protocol, keys: readonly string[]): string {
    return protocol === 'text' ? this.#text(reply) : this.#binary(reply, keys);
  }

  #text(reply: string): string {
    let text = reply;
    if (text.includes('VERSION ')) text = text.replace(VERSION, 'VERSION');
    if (text.includes('VALUE '))
      text = text.replace(VALUE_LINE, (_, before: string, key: string, id: string) => {
        this.casIds.set(key, id);
        return before + this.#name(id);
      });
    if (text.includes(' c'))
      text = text.replace(META_LINE, (line) => {
        const key = META_KEY.exec(line)?.[1];
        return line.replace(META_CAS, (_, id: string) => {
          if (key !== undefined && id !== '0') this.casIds.set(key, id);
          return ` c${this.#name(id)}`;
        });
      });
    if (text.includes('ME '))
      text = text.replace(DEBUG_CAS, (_, before: string, id: string) => before + this.#name(id));
    return text;
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
          `cas ${this.#name(id)} ${JSON.stringify(body)}`,
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
