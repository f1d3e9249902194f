/** What a request asks for, and of which host (RFC 9112, 3.2): one reading for plain requests and for upgrades. */

import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal.js';

export interface RequestTarget {
  /** As it stands in the request, without the query. `*` asks about the server as a whole. */
  readonly path: string;
  /** Host and port, as the client writes them. An absolute target names them; otherwise `Host` does. */
  readonly host: string | undefined;
}

const AUTHORITY = "(?:[\\w.~!$&'()*+,;=%-]*|\\[[\\da-f:.]+\\])(?::\\d*)?";
const HOST = new RegExp(`^${AUTHORITY}$`, 'i');
/** A TLS proxy in front of the server may pass on the scheme that its client used. */
const ABSOLUTE = new RegExp(`^https?://(?=[^:/?])(${AUTHORITY})(/[^?#]*)?(?:\\?[^#]*)?$`, 'i');
const ORIGIN_FORM = /^(\/[^?#]*)(?:\?[^#]*)?$/;

/** Returns a Refusal for a request that RFC 9112 has a server refuse, whatever it asks for. */
export function readRequestTarget(request: IncomingMessage): RequestTarget | Refusal {
  const { method, url = '', httpVersionMajor } = request;
  if (httpVersionMajor !== 1) return { status: 505, reason: 'this server speaks HTTP/1.1' };
  const hosts = request.headersDistinct.host ?? [];
  if (hosts.length > 1) return badRequest('there is more than one Host header');
  const [host] = hosts;
  if (host !== undefined && !HOST.test(host)) return badRequest('the Host header is malformed');
  if (url === '*' && method === 'OPTIONS') return { path: url, host };
  const origin = ORIGIN_FORM.exec(url);
  if (origin !== null) return { path: origin[1]!, host };
  const absolute = ABSOLUTE.exec(url);
  if (absolute !== null) return { path: absolute[2] ?? '/', host: absolute[1] };
  return badRequest('the request target is neither a path nor an http URL');
}

function badRequest(reason: string): Refusal {
  return { status: 400, reason };
}
