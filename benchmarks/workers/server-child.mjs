/** node server-child.mjs SOCKET: a hotset server for WebSockets on a Unix socket, until it is ended. */

import { createServer } from 'node:http';
import { CacheEngine } from '../../dist/index.js';
import { attachWebSocket } from '../../dist/websocket/index.js';

const server = createServer();
attachWebSocket(new CacheEngine({ maxBytes: '64MiB' }), { server, path: '/ws' });
server.listen(process.argv[2], () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit());
