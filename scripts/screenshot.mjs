/**
 * Takes the picture of the live view that the README shows: starts the built command, works it as a small site would,
 * and writes docs/images/live-view.png after some minutes, so that the charts have something to tell.
 *
 *   npm run build && node scripts/screenshot.mjs [seconds, default 240] [dark | light]
 *
 * Chromium is /usr/bin/chromium unless CHROMIUM says otherwise.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [seconds = '240', colorScheme = 'dark'] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const picture = join(root, 'docs/images/live-view.png');

mkdirSync(dirname(picture), { recursive: true });
const server = spawn(
  process.execPath,
  [join(root, 'dist/cli/main.js'), '-p', '-1', '--http', '-1', '-m', '12'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
server.stdout.setEncoding('utf8');
let greeting = '';
while (!greeting.includes('live view')) greeting += (await once(server.stdout, 'data'))[0];
const [, port] = /listens on 127\.0\.0\.1:(\d+)/.exec(greeting);
const [, url] = /live view: (\S+)/.exec(greeting);

const PARTS = ['session', 'user', 'page', 'product', 'cart', 'search'];
const KEYS = 60_000;
const ROUND_MS = 20;
const CLIENTS = 12;
const REQUESTS_PER_ROUND = 9;
/** Traffic swells and ebbs in this time. */
const TIDE_MS = 100_000;

/** One client: reads, and a round later fills in what it missed, as a service over a database does. */
function startClient() {
  const socket = connect(Number(port), '127.0.0.1').setEncoding('latin1');
  const asked = [];
  let missed = [];
  let rest = '';
  let isFound = false;
  let round = 0;
  socket.on('data', (text) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('VALUE ')) isFound = true;
      if (line !== 'END') continue;
      const number = asked.shift();
      if (!isFound) missed.push(number);
      isFound = false;
    }
  });
  setInterval(() => {
    round++;
    const tide = 1 + 0.4 * Math.sin((round * ROUND_MS * 2 * Math.PI) / TIDE_MS) + 0.3 * Math.random();
    const requests = missed.map(storing);
    missed = [];
    for (let i = 0; i < REQUESTS_PER_ROUND * tide; i++) {
      const number = Math.floor(KEYS ** Math.random());
      const kind = Math.random();
      if (kind < 0.9) {
        requests.push(`get ${keyOf(number)}\r\n`);
        asked.push(number);
      } else if (kind < 0.94) requests.push(storing(number));
      else if (kind < 0.96) requests.push(`delete ${keyOf(number)} noreply\r\n`);
      else if (kind < 0.98) requests.push(`touch ${keyOf(number)} 600 noreply\r\n`);
      else requests.push(`incr visits:${number % 50} 1 noreply\r\n`);
    }
    socket.write(requests.join(''));
  }, ROUND_MS);
}

function keyOf(number) {
  return `${PARTS[number % PARTS.length]}:${10_000 + ((number * 7919) % 89_989)}`;
}

function storing(number) {
  const value = 'x'.repeat(120 + ((number * 31) % 1_400));
  const seconds = number % 3 === 0 ? 45 : 600;
  return `set ${keyOf(number)} 0 ${seconds} ${value.length} noreply\r\n${value}\r\n`;
}

for (let i = 0; i < CLIENTS; i++) startClient();
for (let i = 0; i < 50; i++) connect(Number(port), '127.0.0.1').end(`set visits:${i} 0 0 1 noreply\r\n0\r\n`);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 940 }, colorScheme });
await page.goto(url);
await setTimeout(Number(seconds) * 1000);
await page.screenshot({ path: picture });
await browser.close();
server.kill();
process.exit(0);
