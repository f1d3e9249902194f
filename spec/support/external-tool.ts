/**
 * Interpreters and tools that Debian packages bring. A spec whose tool is missing is skipped and says which
 * package to install; with CI=true it fails instead, so that nothing is skipped unseen.
 */

import { spawnSync } from 'node:child_process';

export interface ExternalTool {
  readonly missing: boolean;
  /** Add it to the spec's title: empty, or what to install. */
  readonly hint: string;
}

function externalTool(debianPackage: string, command: string, args: readonly string[]): ExternalTool {
  // Exit codes differ among the tools' ways to print a version; only a command's own 0 is a yes.
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 });
  if (status === 0) return { missing: false, hint: '' };
  return missingTool(`needs Debian's ${debianPackage}`);
}

/** Throws with CI=true. */
export function missingTool(hint: string): ExternalTool {
  if (process.env.CI === 'true') throw new Error(`CI must not skip: ${hint}`);
  console.warn(`skipped: ${hint}`);
  return { missing: true, hint: ` (skipped: ${hint})` };
}

/** Debian's own Python: another one first on the PATH would not see Debian's packages. */
export const PYTHON = '/usr/bin/python3';

export function pymemcacheTool(): ExternalTool {
  return externalTool('python3-pymemcache', PYTHON, ['-c', 'import pymemcache']);
}

export function pythonMemcachedTool(): ExternalTool {
  return externalTool('python3-memcache', PYTHON, ['-c', 'import memcache']);
}

export function pylibmcTool(): ExternalTool {
  return externalTool('python3-pylibmc', PYTHON, ['-c', 'import pylibmc']);
}

export function phpTool(): ExternalTool {
  const probe = 'exit(extension_loaded("memcached") ? 0 : 1);';
  return externalTool('php-cli and php-memcached', 'php', ['-r', probe]);
}

export function dalliTool(): ExternalTool {
  return externalTool('ruby and ruby-dalli', 'ruby', ['-e', 'require "dalli"']);
}

export function perlMemcachedTool(): ExternalTool {
  return externalTool('libcache-memcached-perl', 'perl', ['-MCache::Memcached', '-e', '1']);
}

/** For `env`: Debian's libraries for Go are sources of the time before modules. */
export const GO_WITH_DEBIAN_SOURCES: readonly string[] = [
  'GO111MODULE=off',
  'GOPATH=/usr/share/gocode',
  'GOFLAGS=',
  'go',
];

export function gomemcacheTool(): ExternalTool {
  return externalTool('golang-go and golang-github-bradfitz-gomemcache-dev', 'env', [
    ...GO_WITH_DEBIAN_SOURCES,
    'list',
    'github.com/bradfitz/gomemcache/memcache',
  ]);
}

export function libmemcachedTools(): ExternalTool {
  return externalTool('libmemcached-tools', 'memcping', ['--version']);
}

/** The browser; the environment may name another one. */
export const CHROMIUM: string = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function chromiumTool(): ExternalTool {
  return externalTool('chromium', CHROMIUM, ['--version']);
}

export function memcachedTool(): ExternalTool {
  return externalTool('memcached', 'memcached', ['-V']);
}

export function redisTool(): ExternalTool {
  return externalTool('redis-server', 'redis-server', ['--version']);
}

/** The script in memcached's own package. */
export const MEMCACHED_TOOL = '/usr/share/memcached/scripts/memcached-tool';

export function memcachedScripts(): ExternalTool {
  return externalTool('memcached and perl', 'perl', ['-c', MEMCACHED_TOOL]);
}

export function promtool(): ExternalTool {
  return externalTool('prometheus', 'promtool', ['--version']);
}

export function prometheusTool(): ExternalTool {
  return externalTool('prometheus', 'prometheus', ['--version']);
}

export function systemdNotifyTool(): ExternalTool {
  return externalTool('systemd', 'systemd-notify', ['--version']);
}

export function systemdAnalyzeTool(): ExternalTool {
  return externalTool('systemd', 'systemd-analyze', ['--version']);
}

export function goTool(): ExternalTool {
  return externalTool('golang-go', 'go', ['version']);
}

export function pythonTool(): ExternalTool {
  return externalTool('python3', PYTHON, ['-c', 'import socket']);
}

export function yamlTool(): ExternalTool {
  return externalTool('python3-yaml', PYTHON, ['-c', 'import yaml']);
}

export function haproxyTool(): ExternalTool {
  return externalTool('haproxy', 'haproxy', ['-v']);
}

export function manTool(): ExternalTool {
  return externalTool('groff', 'groff', ['--version']);
}

export function nutcrackerTool(): ExternalTool {
  return externalTool('nutcracker', 'nutcracker', ['-V']);
}
