/** What both ends of TLS share: contexts, curves, suites, and errors put into words. */
import { constants, createPublicKey } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsIdentity, TlsOffer } from './adapter.js';

/**
 * Groups in order of preference. Brainpool must be named: the default list has none, and a server with a brainpool certificate then finds no curve.
 * SGP.32 2.6.3
 */
export const CURVES = 'P-256:brainpoolP256r1:X25519:P-384';

/** C02B first, C02C and C023 behind it, as the test tools of SGP.33 select them; then the suites of TLS 1.3 and of RSA certificates. */
export const SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-SHA256',
].join(':');

const isOld = (version: string | undefined): boolean => version === 'TLSv1' || version === 'TLSv1.1';

// OpenSSL 3 speaks TLS 1.0 and 1.1 on its lowest security level only.
const suites = (ciphers: string | undefined, old: boolean): string => {
  const chosen = ciphers ?? (old ? 'DEFAULT' : SUITES);
  return old && !chosen.includes('@SECLEVEL') ? `${chosen}:@SECLEVEL=0` : chosen;
};

const lowest = (offer: TlsOffer): NonNullable<TlsOffer['minVersion']> =>
  offer.minVersion ?? (isOld(offer.maxVersion) ? 'TLSv1' : 'TLSv1.2');

/** Leaf certificates and intermediate ones may be trusted themselves, as trustedCertificateTls of an eIM may be either (SGP.32 2.11.1.1.1). */
interface PartialTrust extends SecureContextOptions {
  readonly allowPartialTrustChain?: boolean;
}

/** A context of a TLS client; `trust` holds PEM texts, none means the public roots that come with Node.js. */
export const clientContext = (trust: readonly string[], offer: TlsOffer): SecureContext => {
  const minVersion = lowest(offer);
  const options: PartialTrust = {
    ...(trust.length > 0 ? { ca: [...trust] } : {}),
    allowPartialTrustChain: true,
    minVersion,
    maxVersion: offer.maxVersion ?? 'TLSv1.3',
    ciphers: suites(offer.ciphers, isOld(minVersion)),
    ecdhCurve: offer.curves ?? CURVES,
  };
  return createSecureContext(options);
};

/** A context of a TLS server for one identity. */
export const serverContext = (identity: TlsIdentity, offer: TlsOffer = {}): SecureContext => {
  const minVersion = lowest(offer);
  return createSecureContext({
    cert: identity.certificateChain,
    key: identity.privateKey,
    minVersion,
    maxVersion: offer.maxVersion ?? 'TLSv1.3',
    ciphers: suites(offer.ciphers, isOld(minVersion)),
    ecdhCurve: offer.curves ?? CURVES,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  });
};

/** The identity's certificate holds a brainpool key. */
export const isBrainpool = (identity: TlsIdentity): boolean =>
  createPublicKey(identity.certificateChain).asymmetricKeyDetails?.namedCurve?.startsWith('brainpool') === true;

/** The `code` of a Node.js or OpenSSL error; empty when it has none. */
export const errorCode = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code !== 'EPROTO') return code;
  // When a handshake fails while writing, Node.js leaves the reason of OpenSSL in the message only.
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(errorText(error))?.[1];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replace(/ /g, '_')}`;
};

/** The message of anything thrown. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The TLS alert that the peer sent, by its name in RFC 8446 6 (`unknown_ca`), or undefined when the error is no alert. */
export const alertName = (error: unknown): string | undefined => {
  // OpenSSL 3.5 says SSL/TLS where older ones say SSLV3.
  const match = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_(?:ALERT_)?([A-Z0-9_]+)$/.exec(errorCode(error));
  return match?.[1]?.toLowerCase();
};

const CAUSES: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an unknown CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an unknown CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an unknown CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends at an unknown CA',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not yet valid',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate does not verify',
  INVALID_PURPOSE: 'its certificate is not for TLS servers (key usage)',
  INVALID_CA: 'a certificate of its chain is not that of a CA',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'plain HTTP came where TLS was expected',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no TLS version in common',
  ERR_SSL_VERSION_TOO_LOW: 'no TLS version in common',
  ERR_SSL_NO_SHARED_CIPHER: 'no cipher suite in common',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no signature algorithm in common',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'the offer holds no TLS version that can be used',
  ECONNRESET: 'it closed the connection during the handshake, without an alert',
};

/** Why a handshake failed, in words, with the code of OpenSSL behind it. */
export const handshakeCause = (error: unknown): string => {
  const alert = alertName(error);
  if (alert !== undefined) return `it sent the alert ${alert}`;
  const code = errorCode(error);
  const known = CAUSES[code];
  return known === undefined ? errorText(error) : `${known} (${code})`;
};
