/** A service whose own engine is open to memcached clients: hotset's other store. Argument, as JSON: `{ address, memoryMebibytes, maxConnections }`. */

import { createMemcachedEngine } from '../../dist/memcached/index.js';
import { createTcpServer } from '../../dist/tcp/index.js';

const { address, memoryMebibytes, maxConnections } = JSON.parse(process.argv[2]);
const { transport, path, port, certFile, keyFile } = address;
const where = transport === 'unix' ? { path } : { port };
const tls = transport === 'tls' ? { tls: { certFile, keyFile } } : {};

const engine = createMemcachedEngine({ maxBytes: memoryMebibytes * 2 ** 20 });
await createTcpServer(engine, { ...where, ...tls, maxConnections }).listen();
