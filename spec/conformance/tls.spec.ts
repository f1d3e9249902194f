/** The wire tables over TLS. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { certificate } from '../support/certificates.js';
import { createStore } from '../support/stores.js';
import { TABLES_ON_STORES } from './tables/index.js';
import { expectOutcome } from './targets/expect-outcome.js';
import { WALL_CLOCK_MS } from './targets/session-target.js';
import { runOnSocket } from './targets/socket-target.js';

const { cert, key } = certificate('hotset');
const folder = mkdtempSync(join(tmpdir(), 'hotset-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const certFile = join(folder, 'certificate.pem');
const keyFile = join(folder, 'key.pem');
writeFileSync(certFile, cert);
writeFileSync(keyFile, key);

for (const [store, table] of TABLES_ON_STORES) {
  describe.concurrent(`TLS over ${store}: ${table.name}`, () => {
    for (const row of table.rows) {
      it(row.title, async () => {
        const clock = new ManualClock(WALL_CLOCK_MS);
        const entries = createStore(store, { clock });
        const server = createTcpServer(entries, { port: 0, clock, tls: { certFile, keyFile } });
        const address = await server.listen();
        const port = 'port' in address ? address.port! : 0;
        const outcome = await runOnSocket(
          row,
          () => connect({ host: '127.0.0.1', port, ca: cert, servername: 'localhost' }),
          async (seconds) => clock.advance(seconds * 1000),
        );
        expectOutcome(row, outcome);
        expect(entries.verify()).toEqual([]);
        await server.close();
      });
    }
  });
}
