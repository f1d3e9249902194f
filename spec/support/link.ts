/** A link to a server on a Unix socket that a spec can hold up and cut. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Link {
  /** Where clients connect. */
  readonly path: string;
  /** From now on, what the server sends waits. */
  hold(): void;
  heldBytes(): number;
  /** Ends all connections; what waits is lost. New ones are as they should be. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startLink(serverPath: string): Promise<Link> {
  const directory = mkdtempSync(join(tmpdir(), 'hotset-link-'));
  const path = join(directory, 'socket');
  const sockets = new Set<Socket>();
  let holds = false;
  let heldBytes = 0;
  const server = createServer((client) => {
    const upstream = connect(serverPath);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (holds) heldBytes += data.length;
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    holds = false;
    heldBytes = 0;
  };
  return {
    path,
    hold: () => {
      holds = true;
    },
    heldBytes: () => heldBytes,
    cut,
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
