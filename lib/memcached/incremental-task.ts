/**
 * Work in short steps, between which other connections have their turn. The caller closes the iterator (`return`) when
 * the client goes away.
 */

export type IncrementalTask = Iterator<void, void, undefined>;

/**
 * The same with chunks of an answer, a few kilobytes at most. An empty chunk says that others should have their turn
 * before the next.
 */
export type Lines = Iterator<string, void, undefined>;

const CHUNK_BYTES = 8 * 1024;

/** Joins lines to chunks; null stands where others should have their turn. Closing the chunks closes the lines. */
export function* chunks(lines: Iterable<string | null>): Generator<string, void, undefined> {
  let chunk = '';
  for (const line of lines) {
    if (line !== null) chunk += line;
    if (line !== null && chunk.length < CHUNK_BYTES) continue;
    if (chunk !== '') yield chunk;
    chunk = '';
    if (line === null) yield '';
  }
  if (chunk !== '') yield chunk;
}

/** Whose work is done in the background: an ItemStore. */
interface Host {
  readonly transports: Iterable<{ onError(error: unknown): void }>;
  beginTurn(): void;
  endTurn(): void;
}

/**
 * Does all of `task`, each step in a turn of its own. Removal listeners may throw: as with any event, that is for the
 * server to deal with, and ends the task.
 */
export function runInBackground(host: Host, task: IncrementalTask): void {
  setImmediate(() => {
    host.beginTurn();
    try {
      if (task.next().done !== true) runInBackground(host, task);
    } catch (error) {
      const [transport] = host.transports;
      if (transport === undefined) throw error;
      transport.onError(error);
    } finally {
      host.endTurn();
    }
  });
}
