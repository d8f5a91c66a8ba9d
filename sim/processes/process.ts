/** What the processes of the reference implementations share: their surroundings, their TLS identity, and their life until a signal. */
import { pem } from '#protocol/crypto/ecdsa.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import type { TlsIdentity } from '../../adapters/adapter.js';

/** What a process may use besides its options. */
export interface ProcessSurroundings {
  /** Receives one line per problem that is not the process's own. */
  readonly report?: (problem: string) => void;
}

/** A certificate of the PKI with what stands above it, as TLS presents it. */
export const tlsIdentity = (pki: Pki, name: string): TlsIdentity => ({
  certificateChain: pki
    .chain(name)
    .map(der => pem('CERTIFICATE', der))
    .join(''),
  privateKey: pki.privateKeyPem(name) ?? '',
});

const certificatesIn = (text: string): readonly Uint8Array[] =>
  [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map(
    ([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')),
  );

/** CI certificates that count, as PEM for TLS and as DER for eUICC certificates. */
export const trusted = (pki: Pki, given: readonly string[]): { readonly pems: readonly string[]; readonly ders: readonly Uint8Array[] } => {
  const ders = given.flatMap(certificatesIn);
  const chosen = given.length > 0 ? ders : ['CERT_CI', 'CERT_CI_BRP'].flatMap(name => pki.certificate(name) ?? []);
  return { ders: chosen, pems: chosen.map(der => pem('CERTIFICATE', der)) };
};

/**
 * Runs until SIGTERM or SIGINT: prints one JSON line with `ready` and what `announce` tells when it is started; problems go
 * to standard error.
 */
export const runUntilSignal = async <R extends { close(): Promise<void> }>(
  start: (surroundings: ProcessSurroundings) => Promise<R>,
  announce: (running: R) => Readonly<Record<string, unknown>>,
): Promise<void> => {
  const running = await start({ report: problem => process.stderr.write(`${problem}\n`) });
  const ended = new Promise<void>(resolve => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  process.stdout.write(`${JSON.stringify({ ready: true, ...announce(running) })}\n`);
  await ended;
  await running.close();
};
