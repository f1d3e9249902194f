/**
 * npm run docs:api [-- --check]
 *
 * Writes docs/api.md: every name that each entry of the package exports and every public member, with the first
 * paragraph of its docstring. `@internal` leaves a member out, as `stripInternal` does for the declarations.
 * `--check` writes nothing and prints as JSON what is wrong: whether the page is stale, which names have no docstring,
 * which types of public declarations no entry exports, and which options refuse `undefined`.
 * spec/package/public-surface.spec.ts demands that nothing is wrong.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API, SymbolFlags } from 'typescript/unstable/sync';
import { ENTRIES } from './entries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const lib = join(root, 'lib');

const KINDS = [
  ['class', SymbolFlags.Class],
  ['function', SymbolFlags.Function],
  ['constant', SymbolFlags.Variable],
  ['interface', SymbolFlags.Interface],
  ['type', SymbolFlags.TypeAlias],
];

/** `{ page, undocumented, unexported, strict }`: the page's text, and what `--check` prints. */
function describeApi() {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProject: join(root, 'tsconfig.json') });
    return new Reader(snapshot.getProject(join(root, 'tsconfig.json'))).describe();
  } finally {
    api.close();
  }
}

class Reader {
  #project;
  #checker;
  #headers = new Map();
  #undocumented = [];
  /** Types named in public declarations -> where. */
  #named = new Map();
  #exported = new Set();
  /** Options that callers with `exactOptionalPropertyTypes` could not pass on. */
  #strict = [];

  constructor(project) {
    this.#project = project;
    this.#checker = project.checker;
  }

  describe() {
    const sections = [];
    for (const { subpath, source } of ENTRIES)
      sections.push(this.#entry(`hotset${subpath.slice(1)}`, join(lib, `${source}.ts`)));
    const unexported = [...this.#named]
      .filter(([name]) => !this.#exported.has(name))
      .map(([name, where]) => `${name} (${where})`);
    const page = `${INTRODUCTION}\n${sections.join('\n')}`;
    return { page, undocumented: this.#undocumented, unexported, strict: this.#strict };
  }

  #entry(entry, file) {
    const module = this.#checker.getSymbolAtLocation(this.#project.program.getSourceFile(file));
    const exports = this.#checker
      .getExportsOfModule(module)
      .map((symbol) => ({
        name: symbol.name,
        symbol: this.#resolved(symbol),
        isType: isTypeExport(this.#declaration(symbol)),
      }))
      .sort((a, b) => rank(a.symbol) - rank(b.symbol) || (a.name < b.name ? -1 : 1));
    return `## \`${entry}\`\n\n${exports.map((each) => this.#export(entry, each)).join('\n')}`;
  }

  #resolved(symbol) {
    return symbol.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #export(entry, { name, symbol, isType }) {
    this.#exported.add(symbol.name);
    const where = `${entry}: ${name}`;
    if (rank(symbol) < 0) throw new Error(`${where} does not resolve: run npm run typecheck`);
    const declaration = this.#declaration(symbol);
    const kind = KINDS[rank(symbol)][0];
    const titles =
      kind === 'function' ? this.#signatures(name, symbol, where) : [this.#title(kind, name, declaration)];
    const title = titles.map((text) => `**\`${text}\`**`).join(' or ');
    const lines = [`- ${kind} ${title}: ${this.#summary(symbol, where)}`];
    // A class that is exported as a type is made by a function, and never with new.
    if (kind === 'class' && !isType) lines.push(...this.#statics(symbol, where));
    if (kind === 'class' || kind === 'interface') lines.push(...this.#members(symbol, where));
    return `${lines.join('\n')}\n`;
  }

  #title(kind, name, declaration) {
    if (kind === 'type') {
      this.#collect(declaration.type, name);
      return `${name}${typeParameters(declaration)} = ${flat(declaration.type.getText())}`;
    }
    return `${name}${typeParameters(declaration)}`;
  }

  #statics(symbol, where) {
    const lines = [];
    const making = symbol.getMembers().get('__constructor');
    if (making !== undefined && !this.#isInternal(making)) {
      const parameters = this.#parameters(this.#declaration(making), where);
      lines.push(`  - \`new ${symbol.name}(${parameters})\`: ${this.#summary(making, `new ${where}`)}`);
    }
    const statics = this.#checker.getPropertiesOfType(this.#checker.getTypeOfSymbol(symbol));
    for (const member of statics.filter(({ name }) => name !== 'prototype'))
      lines.push(...this.#member(member, `${where}.${member.name}`, `${symbol.name}.`));
    return lines;
  }

  #members(symbol, where) {
    return this.#checker
      .getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol))
      .flatMap((member) => this.#member(member, `${where}.${member.name}`, ''));
  }

  #member(symbol, where, prefix) {
    const declaration = this.#declaration(symbol);
    // Private names and symbols; what comes from JavaScript's or Node's own classes is documented there.
    if (symbol.name.startsWith('__') || !isOurs(declaration)) return [];
    if (/^(private|protected)\b/.test(declaration.getText()) || this.#isInternal(symbol)) return [];
    const name = `${prefix}${symbol.name}`;
    const texts =
      declaration.parameters !== undefined && !/^(get|set) /.test(declaration.getText())
        ? this.#signatures(name, symbol, where)
        : [this.#propertyText(name, declaration, where)];
    return [`  - ${texts.map((text) => `\`${text}\``).join(' or ')}: ${this.#summary(symbol, where)}`];
  }

  #propertyText(name, declaration, where) {
    this.#collect(declaration.type, where);
    const type = declaration.type === undefined ? '' : `: ${flat(declaration.type.getText())}`;
    const isOptional = Boolean(declaration.questionToken || declaration.postfixToken);
    if (isOptional && /(Options|Address|Topics)\./.test(where) && !type.endsWith(' | undefined'))
      this.#strict.push(where);
    return `${name}${isOptional ? '?' : ''}${type}`;
  }

  /** One text for each overload, without the implementation that serves them. */
  #signatures(name, symbol, where) {
    const declarations = symbol.declarations.map((handle) => handle.resolve(this.#project));
    const overloads =
      declarations.length > 1 ? declarations.filter(({ body }) => body === undefined) : declarations;
    return overloads.map((declaration) => this.#signature(name, declaration, where));
  }

  #signature(name, declaration, where) {
    this.#collect(declaration.type, where);
    const returns = declaration.type === undefined ? '' : `: ${flat(declaration.type.getText())}`;
    return `${name}${typeParameters(declaration)}(${this.#parameters(declaration, where)})${returns}`;
  }

  #parameters(declaration, where) {
    return declaration.parameters
      .map((parameter) => {
        this.#collect(parameter.type, where);
        const name = parameter.name.getText();
        const isOptional = parameter.questionToken !== undefined || parameter.initializer !== undefined;
        const dots = parameter.dotDotDotToken === undefined ? '' : '...';
        return `${dots}${name.startsWith('{') ? 'options' : name}${isOptional ? '?' : ''}: ${this.#parameterType(parameter)}`;
      })
      .join(', ');
  }

  /** As it is written, or as it follows from the default. */
  #parameterType(parameter) {
    if (parameter.type !== undefined) return flat(parameter.type.getText());
    return this.#checker.typeToString(this.#checker.getTypeAtLocation(parameter));
  }

  /** Notes the types that a public declaration names, where they are this package's. */
  #collect(node, where) {
    if (node === undefined) return;
    const name = node.typeName;
    if (name !== undefined) {
      const symbol = this.#checker.getSymbolAtLocation(name);
      const target = symbol && this.#resolved(symbol);
      const isParameter = target === undefined || (target.flags & SymbolFlags.TypeParameter) !== 0;
      if (!isParameter && isOurs(this.#declaration(target)) && !this.#named.has(target.name))
        this.#named.set(target.name, where);
    }
    node.forEachChild((child) => this.#collect(child, where));
  }

  #declaration(symbol) {
    return symbol.declarations?.[0]?.resolve(this.#project);
  }

  #isInternal(symbol) {
    return symbol.getJsDocTags(this.#checker).some(({ name }) => name === 'internal');
  }

  /** The first paragraph of the docstring, on one line. */
  #summary(symbol, where) {
    const text = symbol.getDocumentationComment(this.#checker).trim();
    if (text === '' || flat(text) === this.#header(symbol)) {
      this.#undocumented.push(where);
      return '';
    }
    return flat(text.split(/\n\s*\n/)[0]);
  }

  /** The comment at the top of a file is the file's, and not the first declaration's. */
  #header(symbol) {
    const file = this.#declaration(symbol).getSourceFile();
    if (!this.#headers.has(file.fileName)) {
      const comment = /^(?:\/\/\/.*\n)?\/\*\*([\s\S]*?)\*\//.exec(file.text)?.[1] ?? '';
      this.#headers.set(file.fileName, flat(comment.replace(/^\s*\*/gm, '')));
    }
    return this.#headers.get(file.fileName);
  }
}

const INTRODUCTION = `# API

Every name that the package exports, and every public member, with the first paragraph of its docstring. \`npm run docs:api\`
writes this page from the sources; the guides beside it explain. Errors and their codes: [errors.md](errors.md).
`;

function rank(symbol) {
  return KINDS.findIndex(([, flag]) => (symbol.flags & flag) !== 0);
}

function isTypeExport(declaration) {
  if (declaration?.getText().startsWith('type ')) return true;
  return declaration?.parent?.parent?.getText().startsWith('export type {') ?? false;
}

function flat(text) {
  return text.replace(/\s+/g, ' ').trim();
}

function typeParameters(declaration) {
  const list = declaration.typeParameters ?? [];
  return list.length === 0 ? '' : `<${list.map((parameter) => flat(parameter.getText())).join(', ')}>`;
}

function isOurs(declaration) {
  return declaration?.getSourceFile().fileName.startsWith(lib) ?? false;
}

const { page, ...findings } = describeApi();
const file = join(root, 'docs/api.md');
const isStale = !existsSync(file) || readFileSync(file, 'utf8') !== page;
if (process.argv.includes('--check')) console.log(JSON.stringify({ isStale, ...findings }));
else if (isStale) {
  writeFileSync(file, page);
  console.log('docs/api.md written anew');
}
