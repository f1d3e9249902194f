/** Answers that many administrative commands have. */

export const OK = 'OK\r\n';
export const ERROR = 'ERROR\r\n';
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format\r\n';
export const NO_ROOM_FOR_STATS = 'SERVER_ERROR out of memory writing stats\r\n';
