/** Servers for specs: on a free port, with a clock that stands still, closed after each test. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, afterEach } from 'vitest';
import { type CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import {
  createTcpServer,
  type ListenAddress,
  type TcpServer,
  type TcpServerOptions,
  type TlsOptions,
} from '../../lib/tcp/index.js';
import type { ConnectionRegistry } from '../../lib/transport/connection-registry.js';
import { type Certificate, certificate } from '../support/certificates.js';
import { createServed, isServed } from '../support/stores.js';
import { WireClient } from './wire-client.js';

export interface Served {
  readonly engine: CacheEngine<string, unknown>;
  readonly server: TcpServer;
  /** What the server keeps of its connections. */
  readonly transport: ConnectionRegistry;
  readonly address: ListenAddress;
  readonly clock: ManualClock;
  readonly connect: () => Promise<WireClient>;
}

const clients: WireClient[] = [];
const servers: TcpServer[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const server of servers.splice(0)) await server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface TlsWorld {
  readonly server: TlsOptions;
  readonly client: ConnectionOptions;
}

let tlsWorld: TlsWorld | null = null;

/** From now on `serve` speaks TLS, and so do the clients. */
export function serveTls(): void {
  const path = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  const { cert, key } = certificate('server');
  tlsWorld = { server: certFiles(path, { cert, key }), client: { ca: cert } };
  afterAll(() => rmSync(path, { recursive: true, force: true }));
}

/** What a server has to be told to speak TLS as `serve` does now; null for not at all. */
export function servedTls(): TlsOptions | null {
  return tlsWorld?.server ?? null;
}

/** Writes a certificate and its key to files in `path`. */
export function certFiles(
  path: string,
  { cert, key }: Pick<Certificate, 'cert' | 'key'>,
): { certFile: string; keyFile: string } {
  const files = { certFile: join(path, 'cert.pem'), keyFile: join(path, 'key.pem') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

/** A server over an engine of its own, or over `engine`. */
export async function serve(
  options: TcpServerOptions = {},
  engineOptions: CacheEngineOptions<string, unknown> | CacheEngine<string, unknown> = {},
): Promise<Served> {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const engine = isServed(engineOptions) ? engineOptions : createServed({ clock, ...engineOptions });
  const server = createTcpServer(engine, {
    clock,
    ...('path' in options ? {} : { port: 0 }),
    ...(tlsWorld === null ? {} : { tls: tlsWorld.server }),
    ...options,
  });
  servers.push(server);
  const address = await server.listen();
  return {
    engine,
    server,
    transport: transportOf(engine),
    address,
    clock,
    connect: () => connectTo(address),
  };
}

/** What was added last of all that serves the engine. */
export function transportOf(engine: CacheEngine<string, unknown>): ConnectionRegistry {
  return [...itemStoreOf(engine).transports].at(-1) as ConnectionRegistry;
}

export async function connectTo(
  address: ListenAddress,
  tls: ConnectionOptions | undefined = tlsWorld?.client,
): Promise<WireClient> {
  // A Unix socket never speaks TLS.
  const client = await WireClient.open(address, 'path' in address ? undefined : tls);
  clients.push(client);
  return client;
}

/** A server that closes after the test; it does not listen yet. */
export function closeAfterTest(server: TcpServer): TcpServer {
  servers.push(server);
  return server;
}

/** A folder that goes after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  folders.push(path);
  return path;
}

/** Bytes that hold every value, in an order of their own for each seed. */
export function everyByte(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  const step = (seed % 127) * 2 + 1;
  for (let i = 0; i < length; i++) bytes[i] = (i * step + (i >> 8) + seed) & 0xff;
  return bytes;
}

/** A repeatable source of numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
