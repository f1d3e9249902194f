/** Serves as the settings say, in this process, until it is told to stop. */

import { storeOf } from '../engine/cache-engine.js';
import { CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import { createMemcachedEngine } from '../memcached/index.js';
import { knownItemStoreOf, type MemcachedEngine } from '../memcached/item-store.js';
import { createTcpServer, type ListenAddress, type TcpServer } from '../tcp/index.js';
import { reportServing } from './child.js';
import { complain, complainOfRequest } from './complain.js';
import { fileLimitNotes } from './file-limit.js';
import { greeting } from './greeting.js';
import { boundGarbage, heapLimitBytes, maxBytesFor } from './heap.js';
import { asUser, become, identityFor } from './identity.js';
import { listenOn } from './listening.js';
import { MemoryFile } from './memory-file.js';
import { removePidFile, writePidFile } from './pid-file.js';
import { writePortFile } from './port-file.js';
import { serverOptions } from './server-options.js';
import type { Settings } from './settings.js';
import { ShiftedClocks } from './shifted-clock.js';
import { versionsSoFar } from './warm-restart.js';
import type { WebSide } from './web-side.js';

/** Time for requests under way when the server is told to stop. */
const GRACE_MS = 5000;

export async function serve(settings: Settings): Promise<void> {
  boundGarbage();
  // Whoever reads the log may go away; the server stays.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  for (const note of [...settings.notes, ...fileLimitNotes(settings.maxConnections)]) complain(note);
  const identity = identityFor(settings.user);
  const debugClocks = settings.debugClock ? new ShiftedClocks() : null;
  const clock = new CoarseClock(debugClocks?.monotonic ?? monotonicClock);
  const engine = createMemcachedEngine({ maxBytes: settings.maxBytes, evict: settings.evict, clock });
  let file: MemoryFile | null = null;
  let server: TcpServer | null = null;
  let web: WebSide | null = null;

  /** Before, there is nothing that could be worth saving, and what is saved is still in its file. */
  let serves = false;
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all([server?.close({ forceAfterMs: GRACE_MS }), web?.close({ forceAfterMs: GRACE_MS })]);
    let code = 0;
    if (serves && file !== null) {
      try {
        clock.refresh();
        await file.save(engine, knownItemStoreOf(engine)?.flushInMs ?? Number.POSITIVE_INFINITY);
      } catch (error) {
        complain(`${settings.memoryFile} cannot be written: ${(error as Error).message}`);
        code = 1;
      }
    }
    await file?.release();
    if (serves && settings.pidFile !== null) removePidFile(settings.pidFile);
    process.exit(code);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGUSR1', stop);
  process.on('SIGHUP', () => server !== null && reload(server));

  let addresses: ListenAddress[] = [];
  try {
    if (settings.memoryFile !== null) {
      file = await asUser(identity, () => MemoryFile.take(settings.memoryFile!, complain));
      const savedAtMs = await asUser(identity, () => file!.restore(engine, complain));
      // The clock may have been put back since.
      if (settings.casIds) storeOf(engine).beginVersions(versionsSoFar(Math.max(Date.now(), savedAtMs)));
    }
    server = createTcpServer(engine, {
      ...serverOptions(settings),
      clock: debugClocks?.wall ?? systemClock,
      memoryCeilingBytes: Math.max(maxBytesFor(heapLimitBytes()), settings.maxBytes),
      log: complain,
      onError: complainOfRequest,
      ...(settings.enableShutdown ? { onShutdown: () => stop() } : {}),
      ...(debugClocks === null ? {} : { onDebugTime: (seconds: number) => debugClocks.shift(seconds) }),
    });
    // Ports may be root's alone; Unix sockets are the user's, as with memcached.
    const ports = await listenOn(
      server,
      settings.addresses.filter((address) => !('path' in address)),
    );
    web = await webSide(engine, settings);
    if (identity !== null) become(identity);
    const paths = await listenOn(
      server,
      settings.addresses.filter((address) => 'path' in address),
    );
    addresses = settings.addresses.map((address) => ports.get(address) ?? paths.get(address)!);
    file?.begin();
  } catch (error) {
    await Promise.all([server?.close(), web?.close({ forceAfterMs: 0 })]);
    await file?.release();
    throw error;
  }
  serves = true;
  if (settings.pidFile !== null) attempt(settings.pidFile, (file) => writePidFile(file));
  const portFile = process.env.MEMCACHED_PORT_FILENAME;
  if (portFile !== undefined && portFile !== '')
    attempt(portFile, (file) => writePortFile(file, addresses), 'MEMCACHED_PORT_FILENAME ');
  process.stdout.write(greeting(settings, addresses, web?.address ?? null));
  reportServing(stop);
}

async function webSide(engine: MemcachedEngine, settings: Settings): Promise<WebSide | null> {
  if (settings.http === null) return null;
  const { openWebSide } = await import('./web-side.js');
  return await openWebSide(engine, settings, settings.http);
}

/** What is wrong has been logged, and what was read before stays in force. */
function reload(server: TcpServer): void {
  try {
    server.reload();
  } catch {}
}

/** As with memcached, the server goes on when such a file cannot be written. */
function attempt(file: string, write: (file: string) => void, name: string = ''): void {
  try {
    write(file);
  } catch (error) {
    complain(`${name}${file} cannot be written: ${(error as Error).message}`);
  }
}
