/** `--http` and what goes with it: metrics, the live view and WebSocket on a port of their own. */

import { hostForm, originForm } from '../web/access-policy.js';
import { DEFAULT_WEB_HOST, type WebAddress } from '../web/listening.js';
import { type Access, isAccess } from '../websocket/options.js';
import { UsageError } from './errors.js';
import { type CommandLine, type FlagName, flagName } from './flags.js';

export interface HttpSettings extends WebAddress {
  readonly access: Access;
  readonly tokenFile: string | null;
  /** Beside the server's own. */
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
}

const ADDRESS = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(-?\d+)$/;

/** What means something only beside `--http`. */
const COMPANIONS: readonly FlagName[] = ['httpAccess', 'httpTokenFile', 'httpOrigins', 'httpHosts'];

/** Null where it is not asked for. Throws a UsageError. */
export function httpSettings(line: CommandLine): HttpSettings | null {
  const address = webAddress(line.text('http'));
  const access = line.last('httpAccess') ?? 'full';
  if (!isAccess(access))
    throw new UsageError(`--http-access takes full, read-only or metadata; got ${access}`);
  const tokenFile = line.text('httpTokenFile');
  const origins = list(line, 'httpOrigins', originForm, 'origins as in https://app.example');
  const hosts = list(line, 'httpHosts', hostForm, 'host names without port');
  if (address === null) {
    const idle = COMPANIONS.filter((name) => line.has(name)).map(flagName);
    if (idle.length > 0) line.warnings.push(`${idle.join(', ')}: no effect where --http is not given`);
    return null;
  }
  if (line.has('authFile') && tokenFile === null)
    throw new UsageError(
      '-Y with --http needs --http-token-file, or whom the port keeps out comes in by HTTP; --http 0 turns it off',
    );
  return { ...address, access, tokenFile, origins, hosts };
}

/** Null for none, as port 0 says, too; port 0 (any) for -1. */
function webAddress(text: string | null): WebAddress | null {
  if (text === null) return null;
  const match = ADDRESS.exec(text);
  const port = match === null ? Number.NaN : Number(match[3]);
  if (!(port >= -1 && port <= 65535))
    throw new UsageError(
      `--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got ${text}`,
    );
  if (port === 0) return null;
  return { host: match![1] ?? match![2] ?? DEFAULT_WEB_HOST, port: Math.max(0, port) };
}

function list(
  line: CommandLine,
  name: FlagName,
  form: (text: string) => string | null,
  takes: string,
): string[] {
  const texts = line.all(name).flatMap((list) => list.split(',').map((text) => text.trim()));
  const bad = texts.find((text) => form(text) === null);
  if (bad !== undefined) throw new UsageError(`${flagName(name)} takes ${takes}; got "${bad}"`);
  return texts;
}
