/** `watch` over a socket: what a watcher is told of others' commands, and what becomes of it. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STORE } from '../support/stores.js';
import { folder, serve } from './fixture.js';
import { eventually, type WireClient } from './wire-client.js';

/** The next lines of the log, without time and number; `cfd` of the client as `C`. */
async function told(watcher: WireClient, count: number, connection = 3): Promise<string[]> {
  const lines: string[] = [];
  for (let i = 0; i < count; i++)
    lines.push(
      (await watcher.line())
        .replace(/^ts=\d+\.\d{6} gid=\d+ type=/, '')
        .replace(`cfd=${connection}`, 'cfd=C')
        .trimEnd(),
    );
  return lines;
}

// What memcached tells of the same commands.
describe('a watcher gets', () => {
  it.each([
    ['get a', ['item_get key=a status=not_found clsid=0 cfd=C size=0']],
    [
      'set a 0 0 5\r\nhello',
      [
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_store key=a status=stored cmd=set ttl=0 clsid=1 cfd=C size=5',
      ],
    ],
    ['get old', ['item_get key=old status=found clsid=1 cfd=C size=3']],
    ['gat 100 old', ['item_get key=old status=found clsid=1 cfd=C size=3']],
    ['touch old 50', ['item_get key=old status=found clsid=1 cfd=C size=3']],
    [
      'add old 0 0 1\r\nx',
      [
        'item_get key=old status=found clsid=1 cfd=C size=3',
        'item_store key=old status=not_stored cmd=add ttl=0 clsid=1 cfd=C size=1',
      ],
    ],
    [
      'replace old 3 20 1\r\ny',
      [
        'item_get key=old status=found clsid=1 cfd=C size=3',
        'item_store key=old status=stored cmd=replace ttl=20 clsid=1 cfd=C size=1',
      ],
    ],
    [
      'append a 0 0 1\r\nx',
      [
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_store key=a status=not_stored cmd=append ttl=0 clsid=1 cfd=C size=1',
      ],
    ],
    [
      'append old 0 0 1\r\nx',
      [
        'item_get key=old status=found clsid=1 cfd=C size=3',
        'item_store key=old status=stored cmd=append ttl=0 clsid=1 cfd=C size=4',
      ],
    ],
    [
      'append mortal 5 5 1\r\nx',
      [
        'item_get key=mortal status=found clsid=1 cfd=C size=1',
        'item_store key=mortal status=stored cmd=append ttl=100 clsid=1 cfd=C size=2',
      ],
    ],
    [
      'ma a N0 J5',
      [
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_store key=a status=stored cmd=add ttl=0 clsid=1 cfd=C size=1',
      ],
    ],
    [
      'cas old 0 0 1 999\r\nx',
      [
        'item_get key=old status=found clsid=1 cfd=C size=3',
        'item_store key=old status=exists cmd=cas ttl=0 clsid=1 cfd=C size=1',
      ],
    ],
    [
      'cas a 0 0 1 999\r\nx',
      [
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_store key=a status=not_found cmd=cas ttl=0 clsid=1 cfd=C size=1',
      ],
    ],
    ['incr a 1', ['item_get key=a status=not_found clsid=0 cfd=C size=0']],
    [
      'delete old',
      ['item_get key=old status=found clsid=1 cfd=C size=3', 'deleted key=old cmd=delete clsid=1 size=3'],
    ],
    ['mg old v', ['item_get key=old status=found clsid=1 cfd=C size=3']],
    [
      'ms a 2 T90\r\nhi',
      [
        'item_get key=a status=not_found clsid=0 cfd=C size=0',
        'item_store key=a status=stored cmd=set ttl=90 clsid=1 cfd=C size=2',
      ],
    ],
    [
      'md old',
      ['item_get key=old status=found clsid=1 cfd=C size=3', 'deleted key=old cmd=md clsid=1 size=3'],
    ],
    ['get %é/', ['item_get key=%25%E9%2F status=not_found clsid=0 cfd=C size=0']],
  ])('of %j', async (command, lines) => {
    const { connect } = await serve();
    const [watcher, client] = [await connect(), await connect()];
    await client.ask('set old 0 0 3\r\nold\r\nset mortal 0 100 1\r\nx\r\n', /STORED\r\nSTORED\r\n/);
    expect(await watcher.ask('watch fetchers mutations deletions\r\n')).toBe('OK\r\n');
    await client.ask(`${command}\r\n`);
    expect(await told(watcher, lines.length)).toEqual(lines);
    await client.ask('get end-of-it\r\n');
    expect(await told(watcher, 1)).toEqual(['item_get key=end-of-it status=not_found clsid=0 cfd=C size=0']);
  });

  it.runIf(STORE === 'engine')('of evictions', async () => {
    const { connect } = await serve({}, { maxEntries: 1 });
    const [watcher, client] = [await connect(), await connect()];
    await watcher.ask('watch evictions\r\n');
    await client.ask('set a 0 0 1\r\nx\r\n');
    await client.ask('set b 0 0 1\r\nx\r\n');
    expect(await told(watcher, 1)).toEqual(['eviction key=a fetch=no ttl=-1 la=0 clsid=1 size=1']);
  });

  it('of connections', async () => {
    const { connect } = await serve();
    const [watcher, keeper] = [await connect(), await connect()];
    await keeper.ask('version\r\n');
    await watcher.ask('watch connevents\r\n');
    const client = await connect();
    const { localPort } = client.socket;
    await client.ask('version\r\n');
    await client.close();
    expect(await told(watcher, 2, 4)).toEqual([
      `conn_new rip=127.0.0.1 rport=${localPort} transport=tcp cfd=C`,
      `conn_close rip=127.0.0.1 rport=${localPort} transport=tcp reason=normal cfd=C`,
    ]);
  });

  // What memcached 1.6.45 says of the same.
  it.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n', 'error'],
    ['a line without end', 'x'.repeat(3000), 'error'],
    ['a bad binary header', `\x80${'\x01'.repeat(23 + 1 + 257)}`, 'error'], // with extras and key
    ['quit', 'quit\r\n', 'normal'],
    ['the client’s end', null, 'normal'],
    ['the client’s end in the middle of a value', 'set a 0 0 10\r\nx', 'normal'],
  ])('why a connection was closed: %s', async (_, text, reason) => {
    const { connect } = await serve();
    const watcher = await connect();
    await watcher.ask('watch connevents\r\n');
    const client = await connect();
    if (text === null || reason === 'normal') client.finish(text ?? '');
    else client.send(text);
    expect((await told(watcher, 2, 2))[1]).toContain(`reason=${reason} `);
  });

  it('that a connection was reset, or was idle', async () => {
    const { clock, connect, transport } = await serve({ idleTimeoutMs: 1000 });
    const watcher = await connect();
    await watcher.ask('watch connevents\r\n');
    const reset = await connect();
    await reset.ask('mn\r\n');
    reset.reset();
    expect((await told(watcher, 2, 2))[1]).toContain('reason=error ');
    await (await connect()).ask('mn\r\n');
    clock.advance(2000);
    transport.upkeep();
    expect((await told(watcher, 2, 2))[1]).toContain('reason=idle_timeout ');
  });

  it('of connections to a Unix socket', async () => {
    const { connect } = await serve({ path: join(folder(), 'socket') });
    const watcher = await connect();
    await watcher.ask('watch connevents\r\n');
    const client = await connect();
    await client.ask('quit\r\n', /^$/);
    await client.rest();
    expect(await told(watcher, 2)).toEqual([
      'conn_new rip=unix rport=0 transport=local cfd=C',
      'conn_close rip=unix rport=0 transport=local reason=normal cfd=C',
    ]);
  });

  it('only its own categories, with rising numbers', async () => {
    const { connect } = await serve();
    const [watcher, client] = [await connect(), await connect()];
    await watcher.ask('watch mutations\r\n');
    await client.ask('set a 0 0 1\r\nx\r\nget a\r\nset b 0 0 1\r\nx\r\n', /END\r\nSTORED\r\n/);
    expect(await watcher.line()).toMatch(/^ts=1767225600\.000000 gid=1 type=item_store key=a /);
    expect(await watcher.line()).toMatch(/^ts=1767225600\.000000 gid=2 type=item_store key=b /);
  });
});

describe('a watcher', () => {
  it('takes no more commands, and is seen in stats', async () => {
    const { connect } = await serve();
    const [watcher, client] = [await connect(), await connect()];
    await watcher.ask('watch\r\nversion\r\n');
    watcher.send('get a\r\nset x 0 0 5\r\n');
    expect((await client.stats('conns'))['2:state']).toBe('conn_watch');
    expect(await client.stats()).toMatchObject({ log_watchers: '1', cmd_get: '0' });
    await client.ask('get a\r\n');
    expect(await told(watcher, 1)).toEqual(['item_get key=a status=not_found clsid=0 cfd=C size=0']);
  });

  it('leaves its place when it goes', async () => {
    const { connect, transport } = await serve();
    const client = await connect();
    const watchers: WireClient[] = [];
    for (let i = 0; i < 20; i++) watchers.push(await connect());
    for (const watcher of watchers) expect(await watcher.ask('watch\r\n')).toBe('OK\r\n');
    expect(await client.ask('watch\r\n')).toBe('WATCHER_TOO_MANY log watcher limit reached\r\n');
    expect(await client.ask('mn\r\n')).toBe('MN\r\n');
    await watchers[7]!.close();
    await eventually(() => transport.currentConnections === 20, 'one has gone');
    expect(await client.ask('watch\r\n')).toBe('OK\r\n');
  });

  it('that does not read loses lines, learns how many, and blocks no other client', async () => {
    const { connect } = await serve();
    const [watcher, client] = [await connect(), await connect()];
    await watcher.ask('watch\r\n');
    watcher.socket.pause();
    const keys = ` ${'k'.repeat(240)}`.repeat(1000);
    const stats = async (): Promise<{ skipped: number; written: number }> => {
      const { log_watcher_skipped, log_worker_written } = await client.stats();
      return { skipped: Number(log_watcher_skipped), written: Number(log_worker_written) };
    };
    // Until every buffer on the way is full.
    while ((await stats()).skipped === 0) await client.ask(`get${keys}\r\n`, /END\r\n/);
    for (let i = 0; i < 3; i++) await client.ask(`get${keys}\r\n`, /END\r\n/);
    const { skipped, written } = await stats();
    watcher.socket.resume();
    let lines = 0;
    let lost = 0;
    while (lines + lost < written + 1) {
      const line = await watcher.line();
      if (line.startsWith('skipped=')) lost += Number(line.slice('skipped='.length));
      else lines++;
      // The line that tells of those that were lost comes with the next one that finds room.
      if (lines === written - skipped) await client.ask('get end-of-it\r\n');
    }
    expect(lost).toBe(skipped);
    expect(lines).toBe(written - skipped + 1);
  });

  it('is refused where that is forbidden', async () => {
    const { connect } = await serve({ allowWatch: false });
    expect(await (await connect()).ask('watch\r\n')).toBe('CLIENT_ERROR watch commands not allowed\r\n');
  });
});
