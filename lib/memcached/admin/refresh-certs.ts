/** `refresh_certs`: reads certificates, and users, again, for the connections to come. The answer is about certificates. */

import type { ItemStore } from '../item-store.js';
import { OK } from './replies.js';

export function refreshCerts(items: ItemStore): string {
  const transports = [...items.transports];
  try {
    for (const transport of transports) transport.settings.reload();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Error ${reason.replace(/\s+/g, ' ')}\r\n`;
  }
  return transports.some(({ settings }) => settings.tls !== null) ? OK : 'Error TLS not enabled\r\n';
}
