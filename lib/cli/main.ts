#!/usr/bin/env node
/** The `hotset` command: reads the flags, makes room for the heap, serves until told to stop. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CoarseClock, systemClock } from '../engine/clock.js';
import { HotsetError } from '../errors.js';
import { createTcpServer, createWireEngine, type ListenAddress } from '../tcp/index.js';
import { addressText } from '../tcp/listener.js';
import { helpText } from './flags.js';
import { heapLimitBytes, maxBytesFor, planHeap, runInChild, watchParent } from './heap.js';
import { writePortFile } from './port-file.js';
import { type Settings, settingsFrom } from './settings.js';
import { ShiftedClock } from './shifted-clock.js';
import { UsageError } from './usage-error.js';

/** Time for requests under way when the server is told to stop. */
const GRACE_MS = 5000;

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof HotsetError)) throw error;
  complain(error.message);
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

async function run(argv: readonly string[]): Promise<void> {
  const settings = settingsFrom(argv);
  if (settings.action === 'help') process.stdout.write(helpText());
  else if (settings.action === 'version') process.stdout.write(`hotset ${packageVersion()}\n`);
  else {
    const plan = planHeap(settings.maxBytes);
    if ('warning' in plan && plan.warning !== undefined) complain(plan.warning);
    if (plan.kind === 'child') runInChild(plan.oldSpaceMebibytes, fileURLToPath(import.meta.url), argv);
    else await serve(settings);
  }
}

async function serve(settings: Settings): Promise<void> {
  // Whoever reads the log may go away; the server stays.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const debugClock = settings.debugClock ? new ShiftedClock() : null;
  const clock = new CoarseClock(debugClock ?? systemClock);
  const engine = createWireEngine({ maxBytes: settings.maxBytes, evict: settings.evict, clock });
  const server = createTcpServer(engine, {
    clock,
    itemMaxBytes: settings.itemMaxBytes,
    memoryCeilingBytes: Math.max(maxBytesFor(heapLimitBytes()), settings.maxBytes),
    maxConnections: settings.maxConnections,
    idleTimeoutMs: settings.idleTimeoutMs,
    verbosity: settings.verbosity,
    log: complain,
    onError: (error) => complain(`a request failed: ${error instanceof Error ? error.stack : String(error)}`),
    ...(settings.enableShutdown ? { onShutdown: () => stop() } : {}),
    ...(debugClock === null ? {} : { onDebugTime: (seconds: number) => debugClock.shift(seconds) }),
  });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server.close({ graceMs: GRACE_MS });
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGUSR1', stop);
  // There is nothing to read again yet; it must not end the server.
  process.on('SIGHUP', () => {});
  watchParent(stop);

  const addresses: ListenAddress[] = [];
  try {
    for (const address of settings.addresses) addresses.push(await server.listen(address));
  } catch (error) {
    await server.close();
    throw error instanceof HotsetError ? withHint(error) : error;
  }
  const portFile = process.env.MEMCACHED_PORT_FILENAME;
  if (portFile !== undefined && portFile !== '') tryWritePortFile(portFile, addresses);
  process.stdout.write(`${greeting(settings, addresses)}\n`);
}

/** As with memcached, the server goes on when the file cannot be written. */
function tryWritePortFile(filename: string, addresses: readonly ListenAddress[]): void {
  try {
    writePortFile(filename, addresses);
  } catch (error) {
    complain(`MEMCACHED_PORT_FILENAME ${filename} cannot be written: ${(error as Error).message}`);
  }
}

function greeting(settings: Settings, addresses: readonly ListenAddress[]): string {
  const where = addresses.map(addressText).join(', ');
  const [first] = addresses;
  const netcat =
    first !== undefined && 'path' in first
      ? `-U ${first.path}`
      : `${first?.host ?? '127.0.0.1'} ${first?.port}`;
  return `hotset ${packageVersion()} listens on ${where} with ${settings.maxBytes / 2 ** 20} MiB; try: printf 'set greeting 0 60 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n' | nc ${netcat}`;
}

function withHint(error: HotsetError): HotsetError {
  const cause = error.cause as (NodeJS.ErrnoException & { port?: number }) | undefined;
  if (cause?.code !== 'EADDRINUSE' || cause.port === undefined) return error;
  return new HotsetError(
    error.code,
    `${error.message}; choose another port with -p, for example: hotset -p 11311`,
    {
      cause,
    },
  );
}

function complain(message: string): void {
  // One line, whatever the user's words have in them.
  process.stderr.write(`hotset: ${message.replaceAll(/\s+/g, ' ')}\n`);
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
