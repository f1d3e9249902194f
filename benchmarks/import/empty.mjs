/** Imports nothing: what Node takes to load any module at all. */
export {};
