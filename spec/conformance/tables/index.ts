import type { Table } from '../wire-table.js';
import { admin } from './admin.js';
import { arithmetic } from './arithmetic.js';
import { lines } from './lines.js';
import { noreply } from './noreply.js';
import { retrieval } from './retrieval.js';
import { storage } from './storage.js';

export const TABLES: readonly Table[] = [lines, storage, retrieval, arithmetic, noreply, admin];
