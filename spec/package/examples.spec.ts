/** The TypeScript of the README and the guides compiles as printed, each block by itself, in a strict project that has the package. */

import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_DIR } from '../support/project.js';

const PAGES = [
  'README.md',
  ...readdirSync(join(PROJECT_DIR, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** What the examples leave to the reader's program: global, because this file imports nothing. */
const READERS_OWN = `
interface User { readonly id: number; readonly name: string }
declare const user: User;
declare function saveUser(user: User): Promise<void>;
declare function quote(product: string, currency: string): Promise<number>;
declare const db: { query(sql: string, values: unknown[], options: { signal: AbortSignal }): Promise<User[]> };
declare const server: { close(): Promise<void> };
`;

const CONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    moduleDetection: 'force',
    noEmit: true,
    // unstorage's declarations name packages that only some of its drivers need.
    skipLibCheck: true,
  },
};

interface Example {
  readonly where: string;
  readonly file: string;
  readonly code: string;
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(PROJECT_DIR, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(({ index, 1: code }) => {
    const line = text.slice(0, index).split('\n').length;
    return { where: `${page}:${line}`, file: `${page.replace(/\W/g, '-')}-${line}.ts`, code: code! };
  });
}

const examples = PAGES.flatMap(examplesOf);
let folder: string;
let output: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotset-examples-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(PROJECT_DIR, join(folder, 'node_modules/hotset'));
  for (const name of [
    '@opentelemetry',
    '@redis',
    '@types',
    'express-rate-limit',
    'fastify',
    'prom-client',
    'undici',
    'unstorage',
  ])
    symlinkSync(join(PROJECT_DIR, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
  writeFileSync(join(folder, 'readers-own.d.ts'), READERS_OWN);
  for (const { file, code } of examples) writeFileSync(join(folder, file), code);
  const compiler = join(PROJECT_DIR, 'node_modules/.bin/tsc');
  output = spawnSync(compiler, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: folder }).stdout;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds the examples', () => {
  expect(examples.length).toBeGreaterThan(10);
});

it.each(examples)('$where', ({ file }) => {
  expect(output.split('\n').filter((line) => line.startsWith(file))).toEqual([]);
});

it('the compiler has nothing else to say', () => {
  expect(output).toBe('');
});
