import { STORE_NAMES, type StoreName } from '../../support/stores.js';
import type { Table } from '../wire-table.js';
import { admin } from './admin.js';
import { adminArguments } from './admin-arguments.js';
import { arithmetic } from './arithmetic.js';
import { binaryAdmin } from './binary-admin.js';
import { binaryArithmetic } from './binary-arithmetic.js';
import { binaryFraming } from './binary-framing.js';
import { binaryRetrieval } from './binary-retrieval.js';
import { binaryStorage } from './binary-storage.js';
import { differences } from './differences.js';
import { lines } from './lines.js';
import { metaArithmetic } from './meta-arithmetic.js';
import { metaClients } from './meta-clients.js';
import { metaDelete } from './meta-delete.js';
import { metaGet } from './meta-get.js';
import { metaLines } from './meta-lines.js';
import { metaSet } from './meta-set.js';
import { noreply } from './noreply.js';
import { refusedData } from './refused-data.js';
import { retrieval } from './retrieval.js';
import { storage } from './storage.js';

export const TABLES: readonly Table[] = [
  lines,
  storage,
  refusedData,
  retrieval,
  arithmetic,
  noreply,
  admin,
  adminArguments,
  metaLines,
  metaGet,
  metaSet,
  metaDelete,
  metaArithmetic,
  metaClients,
  binaryFraming,
  binaryStorage,
  binaryRetrieval,
  binaryArithmetic,
  binaryAdmin,
  differences,
];

/** Each table on each store. */
export const TABLES_ON_STORES: readonly (readonly [StoreName, Table])[] = STORE_NAMES.flatMap((store) =>
  TABLES.map((table) => [store, table] as const),
);
