/** One end of a connection as `stats conns` shows it, in memcached's form. */

/** Without a port it is that of the Unix socket at `path`. IPv6 stands in brackets. */
export function shownEnd(host: string | undefined, port: number | undefined, path: string | null): string {
  if (port === undefined) return `unix:${path}`;
  return host?.includes(':') ? `tcp6:[${host}]:${port}` : `tcp:${host}:${port}`;
}
