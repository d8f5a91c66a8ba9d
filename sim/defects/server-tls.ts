/** Seeded defects of the TLS server that an eIM and an SM-DP+ have in common. SGP.22 2.6.6 */
import { openFixedKeyTls } from './fixed-key-tls.js';

/** `forKeyAgreement` is the certificate of the server that is not for signatures. */
export const serverTlsDefects = (forKeyAgreement: string) =>
  ({
    speaksTls13Only: { does: 'It offers TLS 1.3 and nothing older.', tls: { offer: { minVersion: 'TLSv1.3' } } },
    acceptsOldTls: { does: 'It also speaks TLS 1.0 and 1.1.', tls: { offer: { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } } },
    acceptsWeakSuites: {
      does: 'It accepts suites without encryption and without authentication.',
      tls: { offer: { ciphers: 'ALL:eNULL:aNULL:@SECLEVEL=0' } },
    },
    presentsCertificateForKeyAgreement: { does: 'Its TLS certificate is not for signatures.', tls: { certificate: forKeyAgreement } },
    reusesEphemeralKey: { does: 'It has one ephemeral key for all TLS handshakes.', tls: { inFront: openFixedKeyTls } },
  }) as const;
