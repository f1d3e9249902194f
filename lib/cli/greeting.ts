/** What the command says once it serves. */

import type { ListenAddress } from '../tcp/index.js';
import { addressText } from '../tcp/listener.js';
import { VERSION } from '../version.js';
import type { WebAddress } from '../web/listening.js';
import { webAddressText } from '../web/listening.js';
import type { Settings } from './settings.js';

/** Addresses that stand for all of a machine, and what its own user calls it. */
const OWN_NAMES: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** A line of where it listens; one of the live view where there is one. */
export function greeting(
  settings: Settings,
  addresses: readonly ListenAddress[],
  web: WebAddress | null,
): string {
  const memory = `with ${settings.maxBytes / 2 ** 20} MiB`;
  const [shown] = addresses;
  const first =
    shown === undefined
      ? `hotset ${VERSION} listens on no memcached port, ${memory}\n`
      : `hotset ${VERSION} listens on ${addresses.map(addressText).join(', ')} ${memory}; try: ${trial(settings, shown)}\n`;
  if (web === null) return first;
  const host = OWN_NAMES[web.host] ?? web.host;
  return `${first}live view: http://${webAddressText({ ...web, host })}/\n`;
}

/** A command that shows a newcomer that it works. */
function trial(settings: Settings, first: ListenAddress): string {
  const conversation = `printf 'set greeting 0 60 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n'`;
  if ('path' in first) return `${conversation} | nc -U ${first.path}`;
  if (settings.tls !== null && first.tls !== false)
    return `${conversation} | openssl s_client -quiet -connect ${addressText(first)}`;
  return `${conversation} | nc ${first.host} ${first.port}`;
}
