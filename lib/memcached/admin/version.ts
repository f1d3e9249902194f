/**
 * The memcached that hotset answers as. Clients read it to learn what they may send, so `version` says this
 * and not hotset's own version, which stands in `stats` where memcached names its event library.
 */
export const VERSION = '1.6.45';
