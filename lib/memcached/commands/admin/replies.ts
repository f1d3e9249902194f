/** Answers that many administrative commands have. */

export const OK = 'OK\r\n';
export const ERROR = 'ERROR\r\n';
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format\r\n';
