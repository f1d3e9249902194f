/** A request's target and host (RFC 9112, 3.2), parsed alike for plain requests and upgrades. */

import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal.js';

export interface RequestTarget {
  /** As in the request, without the query. `*` means the server as a whole. */
  readonly path: string;
  /** Host and port, as the client wrote them: from an absolute target, or else from `Host`. */
  readonly host: string | undefined;
}

const AUTHORITY = "(?:[\\w.~!$&'()*+,;=%-]*|\\[[\\da-f:.]+\\])(?::\\d*)?";
const HOST = new RegExp(`^${AUTHORITY}$`, 'i');
/** A TLS proxy in front of the server may pass on the scheme that its client used. */
const ABSOLUTE = new RegExp(`^https?://(?=[^:/?])(${AUTHORITY})(/[^?#]*)?(?:\\?[^#]*)?$`, 'i');
const ORIGIN_FORM = /^(\/[^?#]*)(?:\?[^#]*)?$/;

/** Returns a Refusal for a request that RFC 9112 requires a server to refuse. */
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
