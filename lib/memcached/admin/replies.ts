/** Answers that many administrative commands have. */

import { BAD_FORMAT as BAD_LINE } from '../request.js';

export const OK = 'OK\r\n';
export const ERROR = 'ERROR\r\n';
export const BAD_FORMAT: string = `${BAD_LINE}\r\n`;
export const NO_ROOM_FOR_STATS = 'SERVER_ERROR out of memory writing stats\r\n';
