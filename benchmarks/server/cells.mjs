/**
 * What is measured: groups of cells that share a server process, because they share transport and values. A server
 * serves all the commands of its group one after the other, as a server does in life: code that has seen one
 * command only would be faster than any user's.
 */

const COMMANDS = ['get', 'set', 'mixed', 'multi-get', 'mg', 'ms', 'binary get', 'binary set'];
const PIPELINES = [1, 16, 64];
const VALUE_SIZES = [32, 1_000, 4_000, 64_000, 1_000_000];
const CONNECTIONS = [1, 1_000];
const TRANSPORTS = ['unix', 'tls'];

/** What the bars of performance are stated for. */
export const USUAL = { transport: 'tcp', valueBytes: 100, connections: 50 };

function cellsOf(group, commands, pipelines) {
  return commands.flatMap((command) =>
    pipelines.map((pipeline) => ({ ...USUAL, ...group, command, pipeline })),
  );
}

/**
 * title -> cells.
 *
 * @type {Record<string, any[]>}
 */
export const GROUPS = {
  commands: cellsOf({}, COMMANDS, PIPELINES),
  ...Object.fromEntries(
    VALUE_SIZES.map((valueBytes) => [
      `values of ${valueBytes} B`,
      cellsOf({ valueBytes }, ['get', 'set'], [1]),
    ]),
  ),
  connections: CONNECTIONS.flatMap((connections) => [
    ...cellsOf({ connections }, ['get', 'set'], [1]),
    ...cellsOf({ connections }, ['get'], [16]),
  ]),
  ...Object.fromEntries(
    TRANSPORTS.map((transport) => [transport, cellsOf({ transport }, ['get', 'set'], [1, 16])]),
  ),
};

/** As `--only` names a cell: `get 16 100 B 50 tcp`. */
export function cellName({ command, pipeline, valueBytes, connections, transport }) {
  return `${command} ${pipeline} ${valueBytes} B ${connections} ${transport}`;
}

export function sameCell(a, b) {
  return cellName(a) === cellName(b);
}
