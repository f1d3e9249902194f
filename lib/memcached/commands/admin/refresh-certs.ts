/** `refresh_certs`: reads certificates again, for the connections to come. */

import type { ItemStore } from '../../item-store.js';
import { OK } from './replies.js';

export function refreshCerts(items: ItemStore): string {
  const encrypted = [...items.transports].filter(({ tls }) => tls !== null);
  if (encrypted.length === 0) return 'Error TLS not enabled\r\n';
  try {
    for (const transport of encrypted) transport.reload();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Error ${reason.replace(/\s+/g, ' ')}\r\n`;
  }
  return OK;
}
