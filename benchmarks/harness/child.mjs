/** Fresh processes: what one contender does to code caches, heap and collector never reaches another. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs a module with arguments in a Node process of its own; resolves to the JSON that it prints, or after
 * `timeoutMs` to `{ tooSlow }`. `node`: another binary than the one that runs this.
 *
 * @param {URL} url
 * @param {unknown[]} args
 * @param {{ node?: string, nodeOptions?: string[], env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<any>}
 */
export function runChild(
  url,
  args,
  { node = process.execPath, nodeOptions = [], env = {}, timeoutMs = 0 } = {},
) {
  const argv = [...nodeOptions, fileURLToPath(url), ...args.map(String)];
  return new Promise((resolve, reject) => {
    /** @type {import('node:child_process').ExecFileOptionsWithStringEncoding} */
    const options = {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 28,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    };
    execFile(node, argv, options, (error, stdout, stderr) => {
      if (error?.killed && timeoutMs > 0) resolve({ tooSlow: `not done within ${timeoutMs / 1000} s` });
      else if (error !== null) reject(new Error(`${node} ${argv.join(' ')}\n${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout));
    });
  });
}
