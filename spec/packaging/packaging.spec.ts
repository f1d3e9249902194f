/**
 * What is shipped beside the code, and every configuration file that the docs print: programs that read them have no
 * complaint, and the flags in them are flags.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { helpText } from '../../lib/cli/flags.js';
import { settingsFrom } from '../../lib/cli/settings.js';
import { VERSION } from '../../lib/version.js';
import { manPage } from '../../scripts/man-page.mjs';
import {
  haproxyTool,
  manTool,
  nutcrackerTool,
  PYTHON,
  systemdAnalyzeTool,
  yamlTool,
} from '../support/external-tool.js';
import { PROJECT_DIR } from '../support/project.js';

const folder = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function text(name: string): string {
  return readFileSync(join(PROJECT_DIR, name), 'utf8');
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function run(
  command: string,
  args: readonly string[],
  input = '',
): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input });
  return { status, output: stdout + stderr };
}

/** The blocks of a page in a language, with the first line that names what they are for. */
function blocks(page: string, language: string): string[] {
  return Array.from(
    text(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')),
    ([, block]) => block!,
  );
}

function warnings(flags: string): readonly string[] {
  return settingsFrom(flags.split(/\s+/)).warnings;
}

describe('man/hotset.1', () => {
  it('says what --help says (npm run docs:man)', () => {
    expect(text('man/hotset.1')).toBe(manPage(helpText(), VERSION));
  });

  const tool = manTool();
  it.skipIf(tool.missing)(`is read without a warning${tool.hint}`, () => {
    const { output } = run('groff', ['-man', '-Tutf8', '-ww', '-z', join(PROJECT_DIR, 'man/hotset.1')]);
    expect(output).toBe('');
  });

  it('is in the package', () => {
    const { man, files } = JSON.parse(text('package.json')) as { man: string; files: string[] };
    expect(existsSync(join(PROJECT_DIR, man))).toBe(true);
    expect(files).toEqual(expect.arrayContaining(['man', 'packaging']));
  });
});

describe('packaging/systemd/hotset.service', () => {
  const unit = text('packaging/systemd/hotset.service');
  const tool = systemdAnalyzeTool();

  it('has flags that are flags', () => {
    for (const [, flags] of unit.matchAll(/HOTSET_FLAGS=([^"$]+)"/g)) expect(warnings(flags!)).toEqual([]);
  });

  it.skipIf(tool.missing)(`is a unit that systemd takes${tool.hint}`, () => {
    // It looks for the command.
    const path = file('hotset.service', unit.replace('/usr/local/bin/hotset', process.execPath));
    expect(run('systemd-analyze', ['verify', '--man=no', path])).toEqual({ status: 0, output: '' });
  });
});

const yaml = yamlTool();

/** The documents of YAML files, as JSON. */
function documents(content: string): unknown[] {
  const program = 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))';
  const { status, output } = run(PYTHON, ['-c', program], content);
  expect(status, output).toBe(0);
  return JSON.parse(output) as unknown[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
    readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
    readonly resources: { readonly limits: { readonly memory: string } };
  }[];
}

describe.skipIf(yaml.missing)(`YAML${yaml.hint}`, () => {
  it('packaging/kubernetes/hotset.yaml: the pieces fit together', () => {
    const manifests = documents(text('packaging/kubernetes/hotset.yaml')) as Manifest[];
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'Service',
      'StatefulSet',
      'PodDisruptionBudget',
      'NetworkPolicy',
    ]);
    const [service, set, budget] = manifests as [Manifest, Manifest, Manifest];
    expect(service.spec.clusterIP).toBe('None');
    expect(set.spec.serviceName).toBe(service.metadata.name);
    expect(budget.spec.selector).toEqual(set.spec.selector);
    const pod = (set.spec.template as { spec: PodSpec }).spec;
    const [container] = pod.containers;
    const { args, ports, readinessProbe, livenessProbe, resources } = container!;
    // The warning that HTTP is open to the network without a token: the policy is there for that.
    expect(warnings(args.join(' '))).toEqual([expect.stringContaining('see keys and statistics')]);
    const settings = settingsFrom(args);
    expect(settings.drainMs / 1000 + 5).toBeLessThan(pod.terminationGracePeriodSeconds);
    expect(ports.map(({ containerPort }) => containerPort)).toEqual([11211, settings.http!.port]);
    expect([readinessProbe.httpGet, livenessProbe.httpGet]).toEqual([
      { path: '/readyz', port: 'http' },
      { path: '/healthz', port: 'http' },
    ]);
    const mebibytes = Number.parseInt(resources.limits.memory, 10);
    expect(mebibytes).toBeGreaterThanOrEqual((settings.maxBytes / 2 ** 20) * 1.1 + 125);
  });

  it('packaging/compose.yaml', () => {
    const [compose] = documents(text('packaging/compose.yaml')) as [
      { services: { hotset: { command: string; mem_limit: string } } },
    ];
    const { command, mem_limit } = compose.services.hotset;
    expect(warnings(command)).toEqual([expect.stringContaining('see keys and statistics')]);
    const { maxBytes } = settingsFrom(command.split(' '));
    expect(Number.parseInt(mem_limit, 10)).toBeGreaterThanOrEqual((maxBytes / 2 ** 20) * 1.1 + 125);
  });

  it('docs/fleet.md', () => {
    for (const block of blocks('docs/fleet.md', 'yaml')) expect(documents(block)).not.toEqual([null]);
  });
});

it('Dockerfile: the command and its flags are there', () => {
  const dockerfile = text('Dockerfile');
  const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!) as string[];
  const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)![1]!) as string[];
  const { bin } = JSON.parse(text('package.json')) as { bin: { hotset: string } };
  expect(entry[1]).toBe(`/app/node_modules/hotset/${bin.hotset}`);
  expect(settingsFrom([...entry.slice(2), ...command]).warnings).toEqual([]);
  const ignored = text('.dockerignore').split('\n');
  for (const needed of ['lib', 'scripts', 'docs', 'man', 'packaging', 'package.json'])
    expect(ignored).not.toContain(needed);
});

describe('docs/fleet.md', () => {
  const nutcracker = nutcrackerTool();

  it.skipIf(nutcracker.missing)(`has a file that twemproxy takes${nutcracker.hint}`, () => {
    const [pool] = blocks('docs/fleet.md', 'yaml').filter((block) => block.includes('distribution:'));
    const { status, output } = run('nutcracker', ['-t', '-c', file('nutcracker.yml', pool!)]);
    expect(output).toContain('syntax is ok');
    expect(status).toBe(0);
  });

  const haproxy = haproxyTool();

  it.skipIf(haproxy.missing)(`has a file that HAProxy takes${haproxy.hint}`, () => {
    const [config] = blocks('docs/fleet.md', 'haproxy');
    const { status, output } = run('haproxy', ['-c', '-f', file('haproxy.cfg', config!)]);
    expect(status, output).toBe(0);
  });

  it('has JSON that is JSON, for mcrouter', () => {
    const configs = blocks('docs/fleet.md', 'json').map(
      (block) => JSON.parse(block) as { pools?: object; route?: unknown },
    );
    expect(configs.length).toBeGreaterThan(0);
    for (const { pools, route } of configs) {
      const routed = [...JSON.stringify(route).matchAll(/(?:Pool|PoolRoute)\|([\w-]+)/g)].map(
        ([, name]) => name,
      );
      expect(routed.length).toBeGreaterThan(0);
      for (const name of routed) expect(Object.keys(pools!)).toContain(name);
    }
  });

  it('has commands with flags that are flags', () => {
    const lines = blocks('docs/fleet.md', 'sh').flatMap((block) => block.match(/^hotset .*$/gm) ?? []);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines)
      expect(() => warnings(line.replace(/ *#.*/, '').slice('hotset '.length)), line).not.toThrow();
  });
});
