/** Keys in dumps and in the log: all but letters, digits and `-._~` as %XX (RFC 3986, "unreserved"). */

const RESERVED = /[^\w\-.~]/g;

const ENCODED: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** `key` has a latin1 character for each byte. */
export function uriEncoded(key: string): string {
  return key.replace(RESERVED, (byte) => ENCODED[byte.charCodeAt(0)]!);
}
