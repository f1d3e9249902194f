/** Files for browsers that the build makes: the live view's page, and `hotset/client` in one module. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The page, and the policy that lets browsers run only what is in it. */
export interface Page {
  readonly body: Buffer;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

const INLINE_SCRIPT = /<script(?:\s[^>]*)?>([\s\S]*?)<\/script>/gi;
const INLINE_STYLE = /<style(?:\s[^>]*)?>([\s\S]*?)<\/style>/gi;

/** Null for a file that does not exist or cannot be read. */
export function readPage(file: string | null): Page | null {
  const text = readText(file ?? builtFile('live-view/index.html'));
  if (text === null) return null;
  // Browsers turn all line ends into line feeds before they hash.
  const html = text.replace(/\r\n?/g, '\n');
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(html, INLINE_SCRIPT)}`,
    `style-src ${hashes(html, INLINE_STYLE)}`,
    'img-src data:',
    "connect-src 'self'",
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
const DIST: string = import.meta.url.endsWith('.ts') ? '../../dist/' : '../';

/** The path of a built file. */
function builtFile(name: string): string {
  return fileURLToPath(new URL(DIST + name, import.meta.url));
}

/** Null for a file that does not exist or cannot be read. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
