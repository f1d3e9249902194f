/** Prints the files of dist/ in which a second `get` of an item runs a function, as V8's coverage counts. */

import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { connect } from 'node:net';
import { CacheEngine } from '../../dist/engine/cache-engine.js';
import { TcpServer } from '../../dist/tcp/tcp-server.js';

const server = new TcpServer(new CacheEngine(), { port: 0 });
const { port } = await server.listen();
const socket = connect(port);
const ask = async (request) => {
  socket.write(request);
  await once(socket, 'data');
};
await ask('set a 0 100 1\r\nx\r\n');
await ask('get a\r\n');

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await session.post('Profiler.takePreciseCoverage');
await ask('get a\r\n');
const { result } = await session.post('Profiler.takePreciseCoverage');
const files = result
  .filter(({ functions }) => functions.some(({ ranges }) => ranges[0].count > 0))
  .filter(({ url }) => url.includes('/dist/'))
  .map(({ url }) => url.slice(url.indexOf('/dist/') + '/dist/'.length));
console.log(JSON.stringify(files));
socket.destroy();
await server.close();
