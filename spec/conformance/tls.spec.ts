/** The wire tables over TLS. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { createTcpServer, createWireEngine, type TcpServerOptions } from '../../lib/tcp/index.js';
import { TABLES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';

const folder = mkdtempSync(join(tmpdir(), 'hotset-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const certFile = join(folder, 'certificate.pem');
const keyFile = join(folder, 'key.pem');
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', keyFile, '-out', certFile],
  ],
  { stdio: 'pipe' },
);
const ca = readFileSync(certFile);

function options(clock: ManualClock): TcpServerOptions {
  return { port: 0, clock, tls: { certFile, keyFile } } as TcpServerOptions;
}

/** Whether the server has TLS at all. */
function serves(): boolean {
  try {
    createTcpServer(createWireEngine(), options(new ManualClock()));
    return true;
  } catch {
    return false;
  }
}

for (const table of TABLES) {
  describe.skipIf(!serves()).concurrent(`TLS: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        const clock = new ManualClock(WALL_CLOCK_MS);
        const engine = createWireEngine({ clock });
        const server = createTcpServer(engine, options(clock));
        const address = await server.listen();
        const port = 'port' in address ? address.port! : 0;
        const outcome = await runOnSocket(
          row,
          () => connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }),
          async (seconds) => clock.advance(seconds * 1000),
        );
        expectOutcome(row, outcome);
        expect(engine.verify()).toEqual([]);
        await server.close();
      });
    }
  });
}
