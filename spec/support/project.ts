/** Where things are, for specs that start processes. */

import { fileURLToPath } from 'node:url';

export const PROJECT_DIR: string = fileURLToPath(new URL('../../', import.meta.url));

/** The `hotset` command as it is published. */
export const HOTSET_MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The live view as it is published. */
export const LIVE_VIEW_PAGE: string = fileURLToPath(
  new URL('../../dist/live-view/index.html', import.meta.url),
);
