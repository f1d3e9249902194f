/** The package's version; a spec holds it to package.json, which a server without rights may not be able to read. */
export const VERSION = '0.1.0';
