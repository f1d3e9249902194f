/** Serves as the settings say, in this process, until a signal or a client stops it. */

import { CacheEngine } from '../engine/cache-engine.js';
import { CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import type { Items } from '../items.js';
import { EngineItems } from '../memcached/engine-items.js';
import { knownItemStoreOf } from '../memcached/item-store.js';
import { createTcpServer, type ListenAddress, type TcpServer, type TcpServerOptions } from '../tcp/index.js';
import { reportServing } from './child.js';
import { StartError } from './errors.js';
import { fileLimit, fitConnections, OWN_FILES } from './file-limit.js';
import { boundGarbage, heapLimitBytes, maxBytesFor } from './heap.js';
import { PLAIN_CONNECTIONS } from './http-settings.js';
import { asUser, become, identityFor } from './identity.js';
import { greeting, listenOn } from './listening.js';
import { type Log, openLog } from './log.js';
import { MemoryFile, type SavedItems, versionsSoFar } from './memory-file.js';
import type { Settings } from './settings.js';
import { ShiftedClocks } from './shifted-clock.js';
import { removePidFile, writePidFile, writePortFile } from './small-files.js';
import type { WebSide } from './web-side.js';

/** How long requests in flight may take when the server stops. */
const FORCE_AFTER_MS = 5000;

export async function serve(settings: Settings): Promise<void> {
  boundGarbage();
  const log = openLog(settings.logFormat);
  // The log's reader may close the pipe; the server continues.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  for (const warning of settings.warnings) log.write(warning);
  const connections = fitConnections(
    settings.maxConnections,
    settings.http === null ? 0 : settings.http.maxConnections + PLAIN_CONNECTIONS,
  );
  if (connections === null)
    throw new StartError(
      `this process may open ${fileLimit()} files (ulimit -n), of which it needs ${OWN_FILES} for itself`,
    );
  if (connections.warning !== null) log.write(connections.warning);
  const identity = identityFor(settings.user);
  const debugClocks = settings.debugClock ? new ShiftedClocks() : null;
  const clock = new CoarseClock(debugClocks?.monotonic ?? monotonicClock);
  const { maxBytes, evict } = settings;
  const items = new EngineItems(new CacheEngine({ maxBytes, evict, clock }));
  let file: MemoryFile | null = null;
  let server: TcpServer | null = null;
  let web: WebSide | null = null;
  const savedItems = (): SavedItems => {
    clock.refresh();
    return { items, flushInMs: knownItemStoreOf(items)?.flushInMs ?? Number.POSITIVE_INFINITY };
  };

  /** Before the file is loaded there is nothing to save, and the file itself is intact. */
  let serves = false;
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all([
      server?.close({ forceAfterMs: FORCE_AFTER_MS }),
      web?.close({ forceAfterMs: FORCE_AFTER_MS }),
    ]);
    let code = 0;
    if (serves && file !== null) {
      try {
        await file.save(savedItems);
      } catch (error) {
        log.write(`${settings.memoryFile} cannot be written: ${(error as Error).message}`);
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
      file = await asUser(identity, () => MemoryFile.take(settings.memoryFile!, log.write));
      const savedAtMs = await asUser(identity, () =>
        file!.restore(items, log.write, settings.restoreMaxAgeMs),
      );
      // The clock may have been put back since.
      if (settings.casIds) items.beginVersions(versionsSoFar(Math.max(Date.now(), savedAtMs)));
    }
    server = createTcpServer(items, {
      ...serverOptions(settings),
      maxConnections: connections.tcp,
      clock: debugClocks?.wall ?? systemClock,
      memoryCeilingBytes: Math.max(maxBytesFor(heapLimitBytes()), settings.maxBytes),
      log: log.write,
      onError: log.fail,
      ...(settings.enableShutdown ? { onShutdown: () => stop() } : {}),
      ...(debugClocks === null ? {} : { onDebugTime: (seconds: number) => debugClocks.shift(seconds) }),
    });
    // Ports may be root's alone; Unix sockets are the user's, as with memcached.
    const ports = await listenOn(
      server,
      settings.addresses.filter((address) => !('path' in address)),
    );
    web = await webSide(items, settings, connections.http, log);
    if (identity !== null) become(identity);
    const paths = await listenOn(
      server,
      settings.addresses.filter((address) => 'path' in address),
    );
    addresses = [...paths, ...ports];
    file?.begin(settings.snapshotEveryMs !== null);
  } catch (error) {
    await Promise.all([server?.close(), web?.close({ forceAfterMs: 0 })]);
    await file?.release();
    throw error;
  }
  serves = true;
  if (settings.snapshotEveryMs !== null) file?.saveEvery(settings.snapshotEveryMs, savedItems, log.write);
  if (settings.pidFile !== null) attempt(log, settings.pidFile, (file) => writePidFile(file));
  const portFile = process.env.MEMCACHED_PORT_FILENAME;
  if (portFile !== undefined && portFile !== '')
    attempt(log, portFile, (file) => writePortFile(file, addresses), 'MEMCACHED_PORT_FILENAME ');
  process.stdout.write(greeting(settings, addresses, web?.address ?? null));
  reportServing(stop);
}

/** The TCP server's options, from the settings. */
function serverOptions(settings: Settings): TcpServerOptions {
  const { authFile, maxUnfinishedBytes, prefixDelimiter, tls } = settings;
  return {
    backlog: settings.backlog,
    protocol: settings.protocol,
    maxItemBytes: settings.maxItemBytes,
    casIds: settings.casIds,
    requestsPerTurn: settings.requestsPerTurn,
    idleTimeoutMs: settings.idleTimeoutMs,
    requestTimeoutMs: settings.requestTimeoutMs,
    allowFlush: settings.allowFlush,
    allowDump: settings.allowDump,
    allowWatch: settings.allowWatch,
    trackSizes: settings.trackSizes,
    verbosity: settings.verbosity,
    settings: settings.shownSettings,
    ...(maxUnfinishedBytes === null ? {} : { maxUnfinishedBytes }),
    ...(prefixDelimiter === null ? {} : { prefixDelimiter }),
    ...(authFile === null ? {} : { authFile }),
    ...(tls === null ? {} : { tls }),
  };
}

async function webSide(
  items: Items,
  settings: Settings,
  allConnections: number,
  log: Log,
): Promise<WebSide | null> {
  if (settings.http === null) return null;
  const { openWebSide } = await import('./web-side.js');
  return await openWebSide(items, settings.http, allConnections, settings.requestTimeoutMs, log);
}

/** A failure has been logged, and the previous files stay in force. */
function reload(server: TcpServer): void {
  try {
    server.reload();
  } catch {}
}

/** As in memcached, the server continues when such a file cannot be written. */
function attempt(log: Log, file: string, write: (file: string) => void, name: string = ''): void {
  try {
    write(file);
  } catch (error) {
    log.write(`${name}${file} cannot be written: ${(error as Error).message}`);
  }
}
