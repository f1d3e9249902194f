/** How figures of servers are called, in tables and charts alike. */

/** `100 B`, `64 kB`, `1 MB`: decimal, as the values of the cells are. */
export function bytesText(bytes) {
  if (bytes >= 1e6) return `${bytes / 1e6} MB`;
  return bytes >= 1000 ? `${bytes / 1000} kB` : `${bytes} B`;
}
