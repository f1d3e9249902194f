/** Keys as base64: what the flag `b` asks for. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The raw bytes of a key in strict, padded base64; undefined for anything else. */
export function decodedKey(text: string): string | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64').toString('latin1') : undefined;
}

/** A key as base64, as it goes out. */
export function encodedKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}
