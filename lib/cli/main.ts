#!/usr/bin/env node
/** The `hotset` command: reads the flags, makes room for the heap, serves until told to stop. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CoarseClock, systemClock } from '../engine/clock.js';
import { HotsetError } from '../errors.js';
import { knownItemStoreOf } from '../memcached/item-store.js';
import { createTcpServer, createWireEngine, type ListenAddress, type TcpServer } from '../tcp/index.js';
import { addressText } from '../tcp/listener.js';
import { isDaemon, reportServing, runInBackground, runInChild } from './child.js';
import { fileLimitNotes } from './file-limit.js';
import { helpText } from './flags.js';
import { boundGarbage, heapLimitBytes, maxBytesFor, planHeap } from './heap.js';
import { asUser, become, type Identity, identityFor } from './identity.js';
import { MemoryFile } from './memory-file.js';
import { removePidFile, writePidFile } from './pid-file.js';
import { writePortFile } from './port-file.js';
import { serverOptions } from './server-options.js';
import { type Settings, settingsFrom } from './settings.js';
import { ShiftedClock } from './shifted-clock.js';
import { StartError } from './start-error.js';
import { UsageError } from './usage-error.js';
import { versionsSoFar } from './warm-restart.js';

/** Time for requests under way when the server is told to stop. */
const GRACE_MS = 5000;

/** Read before any rights are given up: the user of -u may not be let into this folder. */
const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StartError || error instanceof HotsetError))
    throw error;
  complain(error.message);
  // Whoever waits for this process to serve must not hold it.
  process.exit(error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE);
}

async function run(argv: readonly string[]): Promise<void> {
  const settings = settingsFrom(argv);
  switch (settings.action) {
    case 'help':
      process.stdout.write(helpText());
      return;
    case 'version':
      process.stdout.write(`hotset ${VERSION}\n`);
      return;
    case 'license':
      process.stdout.write(readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8'));
      return;
    case 'serve':
      await serveSomewhere(settings, argv);
  }
}

/** Here, in a child with a larger heap, or in the background. */
async function serveSomewhere(settings: Settings, argv: readonly string[]): Promise<void> {
  if (isDaemon()) {
    await serve(settings);
    return;
  }
  const plan = planHeap(settings.maxBytes);
  if ('warning' in plan && plan.warning !== undefined) complain(plan.warning);
  const oldSpaceMebibytes = plan.kind === 'child' ? plan.oldSpaceMebibytes : undefined;
  const command = { script: fileURLToPath(import.meta.url), argv, oldSpaceMebibytes };
  if (settings.daemon) runInBackground(command);
  else if (plan.kind === 'child') {
    const identity = identityFor(settings.user);
    runInChild(command, () => {
      if (identity !== null) become(identity);
    });
  } else await serve(settings);
}

async function serve(settings: Settings): Promise<void> {
  boundGarbage();
  // Whoever reads the log may go away; the server stays.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  for (const note of [...settings.notes, ...fileLimitNotes(settings.maxConnections)]) complain(note);
  const identity = identityFor(settings.user);
  const debugClock = settings.debugClock ? new ShiftedClock() : null;
  const clock = new CoarseClock(debugClock ?? systemClock);
  const engine = createWireEngine({ maxBytes: settings.maxBytes, evict: settings.evict, clock });
  let file: MemoryFile | null = null;
  let server: TcpServer | null = null;

  /** Before, there is nothing that could be worth saving, and what is saved is still in its file. */
  let serves = false;
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server?.close({ graceMs: GRACE_MS });
    let code = 0;
    if (serves && file !== null) {
      try {
        clock.refresh();
        await file.save(engine, knownItemStoreOf(engine)?.flushInMs ?? Number.POSITIVE_INFINITY);
      } catch (error) {
        complain(`${settings.memoryFile} cannot be written: ${(error as Error).message}`);
        code = EXIT_FAILURE;
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
      if (settings.casIds) engine.beginVersions(versionsSoFar(Math.max(Date.now(), savedAtMs)));
    }
    server = createTcpServer(engine, {
      ...serverOptions(settings),
      clock,
      memoryCeilingBytes: Math.max(maxBytesFor(heapLimitBytes()), settings.maxBytes),
      log: complain,
      onError: (error) =>
        complain(`a request failed: ${error instanceof Error ? error.stack : String(error)}`),
      ...(settings.enableShutdown ? { onShutdown: () => stop() } : {}),
      ...(debugClock === null ? {} : { onDebugTime: (seconds: number) => debugClock.shift(seconds) }),
    });
    addresses = await listenAs(identity, server, settings.addresses);
    file?.begin();
  } catch (error) {
    await server?.close();
    await file?.release();
    throw error instanceof HotsetError ? withHint(error) : error;
  }
  serves = true;
  if (settings.pidFile !== null) attempt(settings.pidFile, (file) => writePidFile(file));
  const portFile = process.env.MEMCACHED_PORT_FILENAME;
  if (portFile !== undefined && portFile !== '')
    attempt(portFile, (file) => writePortFile(file, addresses), 'MEMCACHED_PORT_FILENAME ');
  process.stdout.write(`${greeting(settings, addresses)}\n`);
  reportServing(stop);
}

/** Ports may be root's alone; Unix sockets are the user's, as with memcached. */
async function listenAs(
  identity: Identity | null,
  server: TcpServer,
  asked: readonly ListenAddress[],
): Promise<ListenAddress[]> {
  const actual = new Map<ListenAddress, ListenAddress>();
  const listen = async (wanted: (address: ListenAddress) => boolean): Promise<void> => {
    for (const address of asked.filter(wanted)) actual.set(address, await server.listen(address));
  };
  await listen((address) => !('path' in address));
  if (identity !== null) become(identity);
  await listen((address) => 'path' in address);
  return asked.map((address) => actual.get(address)!);
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

function greeting(settings: Settings, addresses: readonly ListenAddress[]): string {
  const where = addresses.map(addressText).join(', ');
  return `hotset ${VERSION} listens on ${where} with ${settings.maxBytes / 2 ** 20} MiB; try: ${trial(settings, addresses)}`;
}

/** A command that shows a newcomer that it works. */
function trial(settings: Settings, [first]: readonly ListenAddress[]): string {
  const conversation = `printf 'set greeting 0 60 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n'`;
  if (first === undefined) return conversation;
  if ('path' in first) return `${conversation} | nc -U ${first.path}`;
  if (settings.tls !== null && first.tls !== false)
    return `${conversation} | openssl s_client -quiet -connect ${addressText(first)}`;
  return `${conversation} | nc ${first.host} ${first.port}`;
}

function withHint(error: HotsetError): HotsetError {
  const cause = error.cause as (NodeJS.ErrnoException & { port?: number }) | undefined;
  // A Unix socket's errors have a port of -1.
  if (cause?.code !== 'EADDRINUSE' || !(cause.port !== undefined && cause.port > 0)) return error;
  return new HotsetError(
    error.code,
    `${error.message}; choose another port with -p, for example: hotset -p 11311`,
    {
      cause,
    },
  );
}

function complain(message: string): void {
  // One line, and nothing that a terminal would obey, whatever users and clients have put into it.
  process.stderr.write(`hotset: ${message.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '?')}\n`);
}
