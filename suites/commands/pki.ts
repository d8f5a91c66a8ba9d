/** `sgp32 pki`: certificates of the built-in test PKI, for an IUT that has to trust the simulated counterparts. */
import { pem } from '#protocol/crypto/key.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { UsageError, unknownName } from './input.js';

export interface PkiOptions {
  readonly chain?: boolean;
  readonly key?: boolean;
}

const pki = testPki();

const row = (name: string): string => {
  const certificate = parseCertificate(pki.certificate(name) ?? new Uint8Array());
  if (isProblem(certificate)) return name;
  const { notBefore, notAfter, keyName } = certificate;
  const day = (date: Date) => date.toISOString().slice(0, 10);
  return `${name.padEnd(38)} ${keyName.padEnd(15)} ${day(notBefore)} to ${day(notAfter)}`;
};

/** PEM blocks for one name: the certificate, with `chain` its issuers, with `key` its private key. */
const blocks = (name: string, options: PkiOptions): string[] => {
  const certificate = pki.certificate(name);
  if (!certificate) throw unknownName('certificate', name, pki.names());
  const certificates = options.chain ? pki.chain(name) : [certificate];
  const key = options.key ? pki.privateKeyPem(name) : undefined;
  if (options.key && key === undefined) throw new UsageError(`${name} has no private key in the test PKI`);
  return [...certificates.map(der => pem('CERTIFICATE', der)), ...(key === undefined ? [] : [key])];
};

/** Prints the certificates named as PEM; without names the list of all. */
export const pkiCommand = async (names: readonly string[], options: PkiOptions): Promise<number> => {
  const lines = names.length === 0 ? pki.names().map(row) : names.flatMap(name => blocks(name, options)).map(text => text.trimEnd());
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
};
