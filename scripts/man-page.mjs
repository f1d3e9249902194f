/**
 * Writes man/hotset.1 from what `hotset --help` says: node scripts/man-page.mjs, after a build. A spec checks that the page is up
 * to date. The form is that of man(7).
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** `help` is the command's help, `version` its version. */
export function manPage(help, version) {
  const [summary, , , , ...rest] = help.trimEnd().split('\n');
  const sections = rest.join('\n').split('\n\n');
  const options = sections.filter((section) => /^[A-Z].*:\n {2}-/.test(section));
  const examples = sections.find((section) => section.startsWith('Examples:'));
  const signals = sections.find((section) => section.startsWith('Signals:'));
  return [
    `.\\" From hotset --help, by scripts/man-page.mjs.`,
    `.TH HOTSET 1 "" "hotset ${version}" "User Commands"`,
    '.SH NAME',
    `hotset \\- ${escaped(summary.replace(/^hotset: /, ''))}`,
    '.SH SYNOPSIS',
    '.B hotset',
    `[\\fIflags\\fR]`,
    '.SH DESCRIPTION',
    'Serves a cache in memory to memcached clients. The flags are those of memcached 1.6.45, with the same meanings, and',
    'hotset\\(aqs own, which have long names only. Flags that do not suit the server end it with one line on stderr and',
    'exit code 2.',
    '.SH OPTIONS',
    ...options.flatMap(optionSection),
    '.SH EXIT STATUS',
    '.TP',
    '.B 0',
    'ended in order',
    '.TP',
    '.B 1',
    'cannot start, or the file of \\-e could not be written at the end',
    '.TP',
    '.B 2',
    'the flags are wrong',
    '.SH SIGNALS',
    escaped(signals.replace('Signals: ', '')),
    '.SH ENVIRONMENT',
    '.TP',
    '.B MEMCACHED_PORT_FILENAME',
    'a file that gets the port, for scripts that start the server with \\-p \\-1',
    '.TP',
    '.B NOTIFY_SOCKET\\fR, \\fBWATCHDOG_USEC',
    'set by systemd for units of Type=notify: systemd\\-notify tells it of the start, the end, and that the server is alive',
    '.SH EXAMPLES',
    '.nf',
    ...examples
      .split('\n')
      .slice(1)
      .map((line) => escaped(line.trim())),
    '.fi',
    '.SH SEE ALSO',
    '.BR memcached (1),',
    '.BR systemd.service (5)',
    '.PP',
    'https://github.com/hotset/hotset: docs/server.md, docs/operations.md, docs/fleet.md',
    '',
  ].join('\n');
}

function optionSection(section) {
  const [title, ...lines] = section.split('\n');
  const rows = [];
  for (const line of lines) {
    const [, left, text] = /^ {2}(-.*?) {2,}(\S.*)$/.exec(line) ?? [];
    if (left === undefined) rows.at(-1).text.push(line.trim());
    else rows.push({ left, text: [text] });
  }
  return [
    `.SS "${escaped(title.slice(0, -1))}"`,
    ...rows.flatMap(({ left, text }) => ['.TP', flags(left), ...text.map(escaped)]),
  ];
}

/** Names in bold, what they take in italics. */
function flags(left) {
  const [, names, takes] = /^(.*?)(?: (<.*>))?$/.exec(left);
  const bold = names
    .split(', ')
    .map((name) => `\\fB${escaped(name)}\\fR`)
    .join(', ');
  return takes === undefined ? bold : `${bold} \\fI${escaped(takes.slice(1, -1))}\\fR`;
}

/** No line begins with a control character, and hyphens can be copied. */
function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll(/^[.]/gm, '\\&.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const main = fileURLToPath(new URL('dist/cli/main.js', root));
  const run = (flag) => spawnSync(process.execPath, [main, flag], { encoding: 'utf8' }).stdout;
  const version = run('--version').trim().split(' ')[1];
  writeFileSync(new URL('man/hotset.1', root), manPage(run('--help'), version));
}
