/** Files for browsers that the build makes: the live view's page, and `hotset/client` in one module. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The page, and the policy that lets browsers run only what is in it. */
export interface Page {
  readonly body: Buffer;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

const INLINE_SCRIPT = /<script(?:\s[^>]*)?>([\s\S]*?)<\/script>/gi;
/** Where the page finds its peers. */
const PEERS = '<meta name="hotset-peers" content="">';
const INLINE_STYLE = /<style(?:\s[^>]*)?>([\s\S]*?)<\/style>/gi;

/**
 * The page for a server with these peers, each `host:port`: it may connect to them, and to nobody else but its own server. Null
 * for a file that does not exist or cannot be read.
 */
export function readPage(file: string | null, peers: readonly string[]): Page | null {
  const text = readText(file ?? builtFile('live-view/index.html'));
  if (text === null) return null;
  // Browsers turn all line ends into line feeds before they hash.
  const html = text.replace(/\r\n?/g, '\n').replace(PEERS, PEERS.replace('""', `"${peers.join(' ')}"`));
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(html, INLINE_SCRIPT)}`,
    `style-src ${hashes(html, INLINE_STYLE)}`,
    'img-src data:',
    // With their schemes: what a source without one allows differs among browsers.
    ["connect-src 'self'", ...peers.flatMap((peer) => [`ws://${peer}`, `wss://${peer}`])].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { body: Buffer.from(html), policy };
}

function hashes(html: string, blocks: RegExp): string {
  const texts = Array.from(html.matchAll(blocks), ([, text]) => text!);
  if (texts.length === 0) return "'none'";
  return texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
}

/** Null for a file that does not exist or cannot be read. */
export function readClientModule(): string | null {
  return readText(builtFile('client/browser.js'));
}

/** Specs run the sources, which are one folder farther from the built files. */
const DIST: string = import.meta.url.endsWith('.ts') ? '../../dist' : '..';

/** The path of a built file. Not `new URL`, in which bundlers see files of theirs. */
function builtFile(name: string): string {
  return join(dirname(fileURLToPath(import.meta.url)), DIST, name);
}

/** Null for a file that does not exist or cannot be read. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
