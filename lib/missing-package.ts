/** Optional packages: what a user installs beside hotset for some of its entries. */

import { HotsetError } from './errors.js';

/** What `load` returns. Throws `HOTSET_MISSING_PACKAGE` where the package is not installed. */
export function needed<Module>(name: string, load: () => Module): Module {
  try {
    return load();
  } catch (error) {
    throw missingPackage(name, error);
  }
}

/** A `HOTSET_MISSING_PACKAGE` where `error` says that the package is not installed, and otherwise `error`. */
export function missingPackage(name: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const isMissing = /MODULE_NOT_FOUND$/.test(code ?? '') && message.includes(`'${name}'`);
  return isMissing
    ? new HotsetError('HOTSET_MISSING_PACKAGE', `the package ${name} is not installed: npm install ${name}`, {
        cause: error,
      })
    : error;
}
