/** Certificates and keys: read from files, and checked before clients connect, with errors that name the fault. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { HotsetError, invalidOption, rejectUnknownOptions } from '../errors.js';
import { TIMER_MAX_MS } from '../scheduler.js';

/** The certificate, the key and the demands on clients. */
export interface TlsOptions {
  /** PEM file with the server's certificate, and those of the authorities between it and a root. */
  certFile: string;
  /** File with the private key, PEM or DER. Default: the key is in `certFile`. */
  keyFile?: string | undefined;
  /** PEM file with the authorities that clients' certificates must come from. */
  caFile?: string | undefined;
  /**
   * As memcached's `ssl_verify_mode`: 0 requests no certificate of clients, 1 refuses bad ones and takes clients
   * without any, 2 and 3 demand one. Default: 0.
   */
  verifyMode?: TlsVerifyMode | undefined;
  /** Default: `TLSv1.2`. */
  minVersion?: TlsMinVersion | undefined;
  /** OpenSSL's list of ciphers. Default: Node's. */
  ciphers?: string | undefined;
  /** A client that takes longer over its handshake is cut. Default: 10,000. */
  handshakeTimeoutMs?: number | undefined;
}

/** As memcached's `ssl_verify_mode`. */
export type TlsVerifyMode = 0 | 1 | 2 | 3;
/** The oldest version of TLS that clients may speak. */
export type TlsMinVersion = 'TLSv1.2' | 'TLSv1.3';

export interface ResolvedTlsOptions {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string | null;
  readonly verifyMode: TlsVerifyMode;
  readonly minVersion: TlsMinVersion;
  readonly ciphers: string | null;
  readonly handshakeTimeoutMs: number;
}

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof TlsOptions>([
  'certFile',
  'keyFile',
  'caFile',
  'verifyMode',
  'minVersion',
  'ciphers',
  'handshakeTimeoutMs',
]);

/** Throws `HOTSET_INVALID_OPTION`. */
export function resolveTlsOptions(options: TlsOptions): ResolvedTlsOptions {
  if (typeof options !== 'object' || options === null)
    throw invalidOption('tls', 'an object with a certFile', options);
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { certFile, keyFile = certFile, caFile = null, ciphers = null } = options;
  const { verifyMode = 0, minVersion = 'TLSv1.2' } = options;
  const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = options;
  for (const [name, value] of Object.entries({ certFile, keyFile, caFile: caFile ?? '-' }))
    if (typeof value !== 'string' || value === '')
      throw invalidOption(`tls.${name}`, 'the name of a file', value);
  checkVerifyMode('tls.verifyMode', verifyMode, caFile);
  if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
    throw invalidOption('tls.minVersion', "'TLSv1.2' or 'TLSv1.3'", minVersion);
  if (ciphers !== null && (typeof ciphers !== 'string' || ciphers === ''))
    throw invalidOption('tls.ciphers', "OpenSSL's list of ciphers", ciphers);
  if (
    !(
      Number.isSafeInteger(handshakeTimeoutMs) &&
      handshakeTimeoutMs >= 1 &&
      handshakeTimeoutMs <= TIMER_MAX_MS
    )
  )
    throw invalidOption('tls.handshakeTimeoutMs', 'whole milliseconds from 1', handshakeTimeoutMs);
  return { certFile, keyFile, caFile, verifyMode, minVersion, ciphers, handshakeTimeoutMs };
}

/** Throws `HOTSET_INVALID_OPTION`, which calls the option `name`. */
export function checkVerifyMode(name: string, verifyMode: TlsVerifyMode, caFile: string | null): void {
  if (![0, 1, 2, 3].includes(verifyMode)) throw invalidOption(name, '0, 1, 2 or 3', verifyMode);
  if (verifyMode > 0 && caFile === null)
    throw invalidOption(name, 'a number above 0 only together with a caFile', verifyMode);
}

export interface ServerCertificate {
  readonly context: SecureContextOptions;
  /** When the first certificate of the chain expires. */
  readonly expiresAtMs: number;
}

/** Reads the files. Throws `HOTSET_INVALID_TLS`, which names the file and why it cannot be used. */
export function readCertificate(options: ResolvedTlsOptions): ServerCertificate {
  const { certFile, keyFile, caFile, ciphers, minVersion } = options;
  const cert = contentOf(certFile);
  const certificate = certificateOf(certFile, cert);
  const key = privateKeyOf(keyFile, contentOf(keyFile));
  if (!certificate.checkPrivateKey(key))
    throw invalid(`${keyFile} is not the key of the certificate in ${certFile}`);
  const ca = caFile === null ? null : contentOf(caFile);
  if (caFile !== null) certificateOf(caFile, ca!);
  const context: SecureContextOptions = {
    cert,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
    minVersion,
    ...(ca === null ? {} : { ca }),
    ...(ciphers === null ? {} : { ciphers }),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    // What can still fail: a damaged chain, a key that is too weak, unknown ciphers.
    const culprit = (error as Error).message.includes('cipher') ? `the ciphers ${ciphers}` : certFile;
    throw invalid(`${culprit} cannot be used: ${reasonOf(error)}`, error);
  }
  return { context, expiresAtMs: expiryOf(certFile, cert) };
}

const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function expiryOf(file: string, chain: Buffer): number {
  const certificates = chain.toString('latin1').match(PEM_CERTIFICATE) ?? [chain];
  return Math.min(...certificates.map((pem) => Date.parse(certificateOf(file, Buffer.from(pem)).validTo)));
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not',
      EISDIR: 'it is a directory',
    };
    throw invalid(`${file} cannot be read: ${reasons[code ?? ''] ?? message}`, error);
  }
}

function certificateOf(file: string, content: Buffer): X509Certificate {
  try {
    return new X509Certificate(content);
  } catch (error) {
    throw invalid(`${file} does not begin with a certificate in PEM form: ${reasonOf(error)}`, error);
  }
}

function privateKeyOf(file: string, content: Buffer): KeyObject {
  const attempts = content.includes('-----BEGIN ')
    ? [(): KeyObject => createPrivateKey(content)]
    : (['pkcs8', 'pkcs1', 'sec1'] as const).map(
        (type) => () => createPrivateKey({ key: content, format: 'der', type }),
      );
  let first: unknown;
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      first ??= error;
    }
  }
  throw invalid(`${file} has no private key that can be used: ${reasonOf(first)}`, first);
}

/** OpenSSL's `reason` is the readable part of its messages. */
export function reasonOf(error: unknown): string {
  const { reason, message } = error as Error & { reason?: string };
  return reason ?? message;
}

function invalid(why: string, cause?: unknown): HotsetError {
  return new HotsetError('HOTSET_INVALID_TLS', why, { cause });
}
