/** A Node process that opens its engine to the network, and a Python client: the same entries, both ways. */

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { JSON_FLAGS } from '../../lib/memcached/index.js';
import { createTcpServer, type TcpServer } from '../../lib/tcp/index.js';
import { PYTHON, pymemcacheTool } from '../support/external-tool.js';
import { jsonOutputOf } from '../support/json-output.js';

const PROGRAM = fileURLToPath(new URL('python/shared_entries.py', import.meta.url));
const python = pymemcacheTool();

describe.skipIf(python.missing)(`an embedding process and Python${python.hint}`, () => {
  const engine = new CacheEngine<string, unknown>({ maxBytes: 16 * 1024 * 1024 });
  let server: TcpServer;
  let seenByPython: Record<string, unknown>;

  beforeAll(async () => {
    server = createTcpServer(engine, { port: 0 });
    const address = await server.listen();
    engine.set('node:text', 'grüße aus Node');
    engine.set('node:json', { from: 'node', numbers: [1, 2.5, null] });
    engine.set(
      'node:bytes',
      Uint8Array.from({ length: 256 }, (_, index) => index),
    );
    engine.set('node:long', 'ü'.repeat(50_000));
    engine.set('node:schlüssel-世界', 'found');
    engine.set('node:deleted', 'soon gone');
    engine.delete('node:deleted');
    const port = 'port' in address ? String(address.port) : '';
    seenByPython = await jsonOutputOf(PYTHON, [PROGRAM, port]);
  });
  afterAll(() => server?.close());

  it('shows Python what Node stored', () => {
    expect(seenByPython).toEqual({
      text: 'grüße aus Node',
      json: { from: 'node', numbers: [1, 2.5, null] },
      bytes: Array.from({ length: 256 }, (_, index) => index),
      long: 50_000,
      'unicode key': 'found',
      deleted: null,
    });
  });

  it('shows Node what Python stored', () => {
    expect(engine.get('python:text')).toBe('grüße aus Python');
    expect(engine.get('python:json')).toEqual({ from: 'python', numbers: [1, 2.5, null] });
    expect(engine.get('python:bytes')).toEqual(Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
    expect(engine.get('python:long')).toBe('ü'.repeat(50_000));
  });

  it('finds a UTF-8 key that Python stored', () => {
    const key = 'python:schlüssel-世界';
    expect(engine.get(key)).toBe('found');
    expect(engine.has(key)).toBe(true);
    expect([...engine.keys()]).toContain(key);
  });

  it('sees that Python deleted an entry', () => {
    expect(engine.get('node:text')).toBeUndefined();
  });

  it('has the flags that Python gave', () => {
    expect(engine.getEntry('python:json')?.flags).toBe(JSON_FLAGS);
  });
});
