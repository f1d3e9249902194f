/** Serves as the settings say, in this process, until a signal or a client stops it. */

import { CoarseClock, monotonicClock, systemClock } from '../engine/clock.js';
import { itemStoreOf, knownItemStoreOf, type ServedStore } from '../memcached/item-store.js';
import { missingPackage } from '../missing-package.js';
import { PageStore } from '../pages/page-store.js';
import { createTcpServer, type ListenAddress, type TcpServer } from '../tcp/index.js';
import { ThreadGroup } from '../threads/thread-group.js';
import { reportServing } from './background.js';
import { StartError } from './errors.js';
import { fileLimit, fitConnections, OWN_FILES } from './file-limit.js';
import { PLAIN_CONNECTIONS } from './http-settings.js';
import { asUser, become, identityFor } from './identity.js';
import { greeting, listenOn } from './listening.js';
import { type Log, openLog } from './log.js';
import { MemoryFile, type SavedItems } from './memory-file.js';
import { memoryWarning } from './memory-need.js';
import { serverOptions } from './server-options.js';
import { ServiceManager } from './service-manager.js';
import type { Settings } from './settings.js';
import { ShiftedClocks } from './shifted-clock.js';
import { removePidFile, writePidFile, writePortFile } from './small-files.js';
import { SharedServer, threadsFor } from './threads.js';
import { warmingOf } from './warm-target.js';
import type { WebSide } from './web-side.js';

/** How long requests in flight may take when the server stops. */
const FORCE_AFTER_MS = 5000;

/** `script` is the file that this command was started with: what other threads run. */
export async function serve(settings: Settings, script: string): Promise<void> {
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
  const shortOfMemory = memoryWarning(settings.maxBytes);
  if (shortOfMemory !== null) log.write(shortOfMemory);
  const { threads, warning } = threadsFor(settings);
  if (warning !== null) log.write(warning);
  const identity = identityFor(settings.user);
  const debugClocks = settings.debugClock ? new ShiftedClocks() : null;
  const clock = new CoarseClock(debugClocks?.monotonic ?? monotonicClock);
  const shared = threads === 1 ? null : new SharedServer(settings, threads, clock);
  const items =
    shared?.items ??
    new PageStore({
      maxBytes: settings.maxBytes,
      evict: settings.evict,
      clock,
      // For the live view, which is where somebody looks at it.
      missRatioCurve: settings.http !== null,
    });
  let file: MemoryFile | null = null;
  let server: TcpServer | null = null;
  let web: WebSide | null = null;
  const manager = new ServiceManager(process.env, log.write);
  const warming = warmingOf(items, settings, log.write, (text) => manager.status(text));
  const savedItems = (): SavedItems => {
    clock.refresh();
    return { items, flushInMs: knownItemStoreOf(items)?.flushInMs ?? Number.POSITIVE_INFINITY };
  };

  /** Before the file is loaded there is nothing to save, and the file itself is intact. */
  let serves = false;
  let stopping = false;
  let draining = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    manager.stopping();
    warming?.stop();
    await Promise.all([
      server?.close({ forceAfterMs: FORCE_AFTER_MS }),
      web?.close({ forceAfterMs: FORCE_AFTER_MS }),
      shared?.close(FORCE_AFTER_MS),
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
  /** Monitors and balancers hear of the end before clients do; a new node may copy the items meanwhile. */
  const drain = (): void => {
    if (!serves || draining || settings.drainMs === 0) {
      void stop();
      return;
    }
    draining = true;
    const text = `draining for ${settings.drainMs / 1000} seconds`;
    log.write(text);
    manager.status(text);
    setTimeout(stop, settings.drainMs);
  };
  const readiness = (): string | null => {
    if (draining || stopping) return 'draining';
    if (!serves) return 'starting';
    return warming?.state === 'warming' && settings.warm?.readyAtOnce === false ? 'warming' : null;
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', drain);
  process.on('SIGUSR1', drain);
  process.on('SIGHUP', () => {
    for (const { settings } of knownItemStoreOf(items)?.transports ?? []) reload(settings);
  });

  let addresses: ListenAddress[] = [];
  try {
    if (settings.memoryFile !== null) {
      file = await asUser(identity, () => MemoryFile.take(settings.memoryFile!, log.write));
      const { restoreMaxAgeMs: maxAgeMs, casIds } = settings;
      await asUser(identity, () => file!.restore(items, log.write, { maxAgeMs, casIds }));
    }
    server = createTcpServer(items, {
      ...serverOptions(settings, threads),
      ...(shared === null ? {} : { memoryCeilingBytes: shared.ceilingBytes }),
      maxConnections: connections.tcp,
      clock: debugClocks?.wall ?? systemClock,
      log: log.write,
      onError: log.fail,
      ...(settings.enableShutdown
        ? { onShutdown: (graceful: boolean) => (graceful ? drain() : void stop()) }
        : {}),
      ...(debugClocks === null ? {} : { onDebugTime: (seconds: number) => debugClocks.shift(seconds) }),
    });
    if (warming !== null) itemStoreOf(items).warming = warming;
    // Threads remove items unseen by what warms: there it comes before clients do.
    if (shared !== null) await warming?.run();
    const group = shared === null ? null : new ThreadGroup(shared.group, 0, itemStoreOf(items));
    // Ports may be root's alone; Unix sockets are the user's, as with memcached.
    const ports = await listenOn(
      server,
      settings.addresses.filter((address) => !('path' in address)),
      shared !== null,
    );
    await shared?.start(script, settings, connections.tcp, ports, {
      shutdown: (graceful) => (graceful ? drain() : void stop()),
      log: log.write,
    });
    group?.join();
    web = await webSide(items, settings, connections.http, readiness, log);
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
  manager.ready(warming === null ? 'serving' : `serving, and warming from ${settings.warm!.shown}`);
  reportServing(stop);
  if (shared === null && warming !== null) void warming.run().then(() => manager.status('serving'));
}

async function webSide(
  items: ServedStore,
  settings: Settings,
  allConnections: number,
  readiness: () => string | null,
  log: Log,
): Promise<WebSide | null> {
  if (settings.http === null) return null;
  const { openWebSide } = await import('./web-side.js').catch((error: unknown) => {
    if (missingPackage('ws', error) === error && missingPackage('prom-client', error) === error) throw error;
    throw new StartError('--http needs two packages beside hotset: npm install ws prom-client');
  });
  return await openWebSide(items, settings.http, allConnections, settings.requestTimeoutMs, readiness, log);
}

/** A failure has been logged, and the previous files stay in force. */
function reload(server: { reload(): void }): void {
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
