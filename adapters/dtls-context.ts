/** What the sessions of one end share: an SSL_CTX with its suites, certificates and trust. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { TlsIdentity, TlsOffer } from './adapter.js';
import { bioOf, certificateFrom, type Openssl, opensslError, type Pointer } from './dtls-openssl.js';
import { CURVES } from './tls.js';

/**
 * C02B and C02C as over TLS, then the suites of constrained devices: C0AE is what RFC 7252 demands. C023 last, as the test tools of SGP.33 do.
 * RFC 7252 9.1.3.3, RFC 7925 4.4, SGP.32 2.6.3
 */
export const DTLS_SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-CCM8',
  'ECDHE-ECDSA-AES128-CCM',
  'ECDHE-ECDSA-AES128-SHA256',
].join(':');

const DTLS_1_0 = 0xfeff;
const DTLS_1_2 = 0xfefd;
const SET_SESSION_CACHE = 44;
const ADD_CHAIN_CERTIFICATE = 89;
const SET_GROUPS = 92;
const SET_MIN_VERSION = 123;
const SET_MAX_VERSION = 124;
// No query of the MTU, cookies, no tickets, no compression, the server's order of suites, no renegotiation.
const OPTIONS = 0x1000n | 0x2000n | 0x20000n | 0x400000n | 0x40000000n;
const NO_TICKETS = 0x4000n;
const VERIFY_PEER = 1;
const PARTIAL_CHAIN = 0x80000;

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** The certificates of a PEM text as DER. */
export const certificatesIn = (pem: string): Uint8Array[] =>
  (pem.match(PEM) ?? []).map(one => new Uint8Array(new X509Certificate(one).raw));

const isOld = (version: TlsOffer['minVersion']): boolean => version === 'TLSv1' || version === 'TLSv1.1';

const configure = (openssl: Openssl, context: Pointer, offer: TlsOffer): void => {
  const must = (result: number) => {
    if (result <= 0) throw opensslError(openssl);
  };
  const lowest = offer.minVersion ?? (isOld(offer.maxVersion) ? 'TLSv1' : 'TLSv1.2');
  must(openssl.SSL_CTX_ctrl(context, SET_MIN_VERSION, isOld(lowest) ? DTLS_1_0 : DTLS_1_2, null));
  must(openssl.SSL_CTX_ctrl(context, SET_MAX_VERSION, isOld(offer.maxVersion) ? DTLS_1_0 : DTLS_1_2, null));
  openssl.SSL_CTX_set_options(context, OPTIONS);
  const suites = offer.ciphers ?? (isOld(lowest) ? 'DEFAULT' : DTLS_SUITES);
  // The short tag of CCM_8 and the hashes of DTLS 1.0 are below any other level; what a certificate must hold is said by the check of certificates.
  must(openssl.SSL_CTX_set_cipher_list(context, suites.includes('@SECLEVEL') ? suites : `${suites}:@SECLEVEL=0`));
  must(openssl.SSL_CTX_ctrl(context, SET_GROUPS, 0, Buffer.from(`${offer.curves ?? CURVES}\0`)));
};

/** An SSL_CTX that is set up by `set`; freed again when that fails. */
const made = (openssl: Openssl, offer: TlsOffer, set: (context: Pointer) => void): Pointer => {
  openssl.ERR_clear_error();
  const context = openssl.SSL_CTX_new(openssl.DTLS_method());
  if (context === 0n) throw opensslError(openssl);
  try {
    configure(openssl, context, offer);
    set(context);
  } catch (error) {
    openssl.SSL_CTX_free(context);
    throw error;
  }
  return context;
};

/** The SSL_CTX of a client; it has to be freed. `trust` holds PEM texts. */
export const clientSide = (openssl: Openssl, trust: readonly string[], offer: TlsOffer): Pointer =>
  made(openssl, offer, context => {
    openssl.hook(context, 'client');
    const store = openssl.SSL_CTX_get_cert_store(context);
    for (const der of trust.flatMap(certificatesIn)) {
      const certificate = certificateFrom(openssl, der);
      openssl.X509_STORE_add_cert(store, certificate);
      openssl.X509_free(certificate);
    }
    // Leaves and intermediate certificates may be trusted themselves. SGP.32 2.11.1.1.1
    openssl.X509_VERIFY_PARAM_set_flags(openssl.SSL_CTX_get0_param(context), PARTIAL_CHAIN);
    openssl.SSL_CTX_set_verify(context, VERIFY_PEER, null);
    openssl.SSL_CTX_ctrl(context, SET_SESSION_CACHE, 0, null);
  });

/** The SSL_CTX of a server, for an identity or for none yet; it has to be freed. */
export const serverSide = (openssl: Openssl, identity: TlsIdentity | undefined, offer: TlsOffer): Pointer =>
  made(openssl, offer, context => {
    openssl.hook(context, 'server');
    // A resumed session would not show the certificate, and a certificate that was changed is to be seen.
    openssl.SSL_CTX_set_options(context, NO_TICKETS);
    openssl.SSL_CTX_ctrl(context, SET_SESSION_CACHE, 0, null);
    if (identity === undefined) return;
    const chain = certificatesIn(identity.certificateChain);
    if (chain.length === 0) throw new TypeError('expected PEM certificates, got none');
    for (const [index, der] of chain.entries()) {
      const certificate = certificateFrom(openssl, der);
      const taken =
        index === 0
          ? openssl.SSL_CTX_use_certificate(context, certificate)
          : openssl.SSL_CTX_ctrl(context, ADD_CHAIN_CERTIFICATE, 1, certificate);
      openssl.X509_free(certificate);
      if (taken <= 0) throw opensslError(openssl);
    }
    const bio = bioOf(openssl, createPrivateKey(identity.privateKey).export({ type: 'pkcs8', format: 'der' }));
    const key = openssl.d2i_PrivateKey_bio(bio, null);
    openssl.BIO_free(bio);
    const taken = key === 0n ? 0 : openssl.SSL_CTX_use_PrivateKey(context, key);
    if (key !== 0n) openssl.EVP_PKEY_free(key);
    if (taken <= 0) throw opensslError(openssl);
  });
