/** Loads that make a server's memory grow, and what its process has had resident at most. */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** The most that the process has ever had resident, in bytes. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/** What it has resident now. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

function statusBytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) * 1024;
}

const CHUNK_BYTES = 256 * 1024;

/** Sends chunks as fast as they are taken; resolves when the server has worked on all of them. */
async function pour(port: number, chunks: Iterable<Buffer>): Promise<void> {
  const socket = await opened(port);
  for (const chunk of chunks)
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  socket.end('quit\r\n');
  await ended;
}

export async function opened(port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Stores values of so many bytes under new keys, `totalBytes` of them in all, without waiting for replies. */
export async function fill(port: number, valueBytes: number, totalBytes: number): Promise<void> {
  const value = 'v'.repeat(valueBytes);
  const count = Math.ceil(totalBytes / (valueBytes + 20));
  await pour(
    port,
    (function* () {
      let text = '';
      for (let i = 0; i < count; i++) {
        text += `set ${valueBytes}:${i} 0 0 ${valueBytes} noreply\r\n${value}\r\n`;
        if (text.length < CHUNK_BYTES && i < count - 1) continue;
        yield Buffer.from(text, 'latin1');
        text = '';
      }
    })(),
  );
}

/** So many clients that each send a set of `bytes` but for the last ten, and wait. */
export async function sendUnfinished(port: number, clients: number, bytes: number): Promise<Socket[]> {
  const data = Buffer.alloc(bytes - 10, 'u');
  return await Promise.all(
    Array.from({ length: clients }, async (_, i) => {
      const socket = await opened(port);
      // The server may give the connection up.
      socket.on('error', () => {});
      socket.resume();
      const line = Buffer.from(`set unfinished${i} 0 0 ${bytes}\r\n`);
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.write(line);
        socket.write(data, () => resolve());
      });
      return socket;
    }),
  );
}

/** So many clients that each ask for `keys`, `rounds` times, and read nothing. */
export async function askAndNeverRead(
  port: number,
  clients: number,
  keys: readonly string[],
  rounds: number,
): Promise<Socket[]> {
  const request = Buffer.from(`get ${keys.join(' ')}\r\n`.repeat(rounds));
  return await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = await opened(port);
      socket.on('error', () => {});
      socket.pause();
      socket.write(request);
      return socket;
    }),
  );
}
