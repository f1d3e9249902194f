/** A value of bytes in readable form: JSON, text or a hex dump, cut where it is long. */

export type Form = 'json' | 'text' | 'hex';

export interface Excerpt {
  readonly text: string;
  /** How many of the value's bytes are shown. */
  readonly shownBytes: number;
}

const MAX_TEXT_BYTES = 16 * 1024;
const MAX_HEX_BYTES = 4 * 1024;
/** Longer JSON is not formatted: deeply nested lines would begin with thousands of spaces. */
const MAX_JSON_BYTES = 2 * MAX_TEXT_BYTES;
const HEX_LINE_BYTES = 16;

/** The forms that a value can be shown in, the most readable first. */
export function formsOf(value: Uint8Array): readonly Form[] {
  const text = decodeText(value);
  if (text === null) return ['hex'];
  return value.length <= MAX_JSON_BYTES && isJsonContainer(text) ? ['json', 'text', 'hex'] : ['text', 'hex'];
}

/** `value` in one of the forms that `formsOf` gave for it. */
export function excerptOf(value: Uint8Array, form: Form): Excerpt {
  if (form === 'hex') return hexDump(value);
  if (form === 'text') return textExcerpt(value);
  const pretty = prettyJson(new TextDecoder().decode(value));
  return pretty !== null && pretty.length <= MAX_TEXT_BYTES
    ? { text: pretty, shownBytes: value.length }
    : textExcerpt(value);
}

/** Null for JSON that is nested too deeply to be formatted. */
function prettyJson(json: string): string | null {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return null;
  }
}

/** Null for bytes that are not UTF-8, or that hold control characters. */
function decodeText(value: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** An object or an array: other JSON is as readable as text. */
function isJsonContainer(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Cut between characters. */
function textExcerpt(value: Uint8Array): Excerpt {
  const start = value.subarray(0, MAX_TEXT_BYTES);
  const text = new TextDecoder().decode(start, { stream: true });
  return { text, shownBytes: new TextEncoder().encode(text).length };
}

/** As hexdump prints it: offset, bytes, and the ASCII among them. */
function hexDump(value: Uint8Array): Excerpt {
  const start = value.subarray(0, MAX_HEX_BYTES);
  const lines: string[] = [];
  for (let offset = 0; offset < start.length; offset += HEX_LINE_BYTES) {
    const line = [...start.subarray(offset, offset + HEX_LINE_BYTES)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = line
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(`${offset.toString(16).padStart(6, '0')}  ${hex.padEnd(HEX_LINE_BYTES * 3 - 1)}  ${ascii}`);
  }
  return { text: lines.join('\n'), shownBytes: start.length };
}
