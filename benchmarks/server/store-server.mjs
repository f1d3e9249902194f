/**
 * A store that a program has made, opened to memcached clients: a service's own engine, or pages.
 * Argument, as JSON: `{ address, store, memoryMebibytes, maxConnections }`.
 */

import { CacheEngine } from '../../dist/index.js';
import { PageStore } from '../../dist/pages/page-store.js';
import { createTcpServer } from '../../dist/tcp/index.js';

const { address, store, memoryMebibytes, maxConnections } = JSON.parse(process.argv[2]);
const { transport, path, port, certFile, keyFile } = address;
const where = transport === 'unix' ? { path } : { port };
const tls = transport === 'tls' ? { tls: { certFile, keyFile } } : {};

const maxBytes = memoryMebibytes * 2 ** 20;
const served = store === 'pages' ? new PageStore({ maxBytes }) : new CacheEngine({ maxBytes });
await createTcpServer(served, { ...where, ...tls, maxConnections }).listen();
