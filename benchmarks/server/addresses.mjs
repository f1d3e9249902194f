/** Where a server listens, over each transport, and how a client gets there. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';

const HOST = '127.0.0.1';

let directory;

/** A directory of this process's own, gone when it ends. */
export function scratch() {
  if (directory === undefined) {
    directory = mkdtempSync(join(tmpdir(), 'hotset-bench-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  }
  return directory;
}

/** `{ certFile, keyFile }` of a self-signed certificate, or null where there is no openssl to make it. */
export function certificate() {
  const certFile = join(scratch(), 'cert.pem');
  const keyFile = join(scratch(), 'key.pem');
  if (existsSync(certFile)) return { certFile, keyFile };
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout ${keyFile} -out ${certFile}`;
  try {
    execFileSync('openssl', command.split(' '), { stdio: 'ignore' });
    return { certFile, keyFile };
  } catch {
    return null;
  }
}

let sockets = 0;

/**
 * A free place to listen: `{ transport, port }`, `{ transport: 'unix', path }`, or with a certificate for TLS.
 *
 * @param {string} transport
 * @returns {Promise<any>}
 */
export async function freeAddress(transport) {
  if (transport === 'unix') return { transport, path: join(scratch(), `${++sockets}.sock`) };
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return transport === 'tls' ? { transport, port, ...certificate() } : { transport, port };
}

/** A client's socket. `onread`: as in node:net, to read without a Buffer for each read. */
export function connectTo({ transport, port, path }, onread) {
  if (transport === 'unix') return connectTcp({ path, onread });
  const options = { port, host: HOST, noDelay: true, onread };
  return transport === 'tls' ? connectTls({ ...options, rejectUnauthorized: false }) : connectTcp(options);
}

/**
 * Whether somebody accepts connections there.
 *
 * @param {any} address
 * @returns {Promise<boolean>}
 */
export function accepts({ transport, port, path }) {
  return new Promise((resolve) => {
    const socket = transport === 'unix' ? connectTcp({ path }) : connectTcp({ port, host: HOST });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
