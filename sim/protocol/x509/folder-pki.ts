import { createPrivateKey } from 'node:crypto';
import { equal } from '../asn1/tlv.js';
import { type PrivateKey, type PublicKey, privateKeyPem, publicKeyFromSpki, readPrivateKey } from '../crypto/key.js';
import { type Certificate, isProblem, isSelfIssued, parseCertificate } from './certificate.js';
import { canonicalName, type Pki } from './pki.js';

/** A set of certificates and keys from files, and one line for each file of it that cannot be used. */
export interface FolderPki extends Pki {
  readonly problems: readonly string[];
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;

/** The DER in a file: its content, or the first PEM block with this label. */
const derOf = (file: Uint8Array, label: string): Uint8Array => {
  const text = Buffer.from(file).toString('latin1');
  const block = [...text.matchAll(PEM)].find(match => match[1] === label);
  return block?.[2] === undefined ? file : new Uint8Array(Buffer.from(block[2], 'base64'));
};

const isForeignKey = (file: Uint8Array): boolean => {
  try {
    createPrivateKey({ key: Buffer.from(file), format: 'pem' });
    return true;
  } catch {
    return false;
  }
};

interface Content {
  readonly certificates: Map<string, Certificate>;
  readonly privateKeys: Map<string, PrivateKey>;
  readonly privatePems: Map<string, string>;
  readonly publicKeys: Map<string, PublicKey>;
  readonly problems: string[];
}

const readFile = (path: string, file: Uint8Array, into: Content): void => {
  const [, kind, rest] = /(?:^|[\\/])(CERT|SK|PK)_([^\\/.]+)(?:\.[^\\/]*)?$/.exec(path) ?? [];
  if (kind === undefined || rest === undefined) return;
  const name = canonicalName(rest);
  if (kind === 'CERT') {
    const parsed = parseCertificate(derOf(file, 'CERTIFICATE'));
    if (isProblem(parsed)) into.problems.push(`${path}: expected a certificate, ${parsed.problem}`);
    else if (!into.certificates.has(name)) into.certificates.set(name, parsed);
  } else if (kind === 'PK') {
    const key = publicKeyFromSpki(derOf(file, 'PUBLIC KEY'));
    if (key) into.publicKeys.set(name, key);
    else into.problems.push(`${path}: expected a SubjectPublicKeyInfo on P-256 or brainpoolP256r1`);
  } else {
    const key = readPrivateKey(file);
    if (key) into.privateKeys.set(name, key);
    if (key) into.privatePems.set(name, privateKeyPem(key));
    else if (isForeignKey(file)) into.privatePems.set(name, Buffer.from(file).toString('latin1'));
    else into.problems.push(`${path}: expected a private key, PKCS#8 or SEC 1, PEM or DER`);
  }
};

/**
 * The PKI in a folder with files of SGP.26, PEM or DER, given as path and content: `CERT_EUM_SIG_NIST.der`,
 * `SK_EUICC_ECDSA_BRP.pem`, `PK_…`. Files with other names are left alone; of two releases of one certificate the
 * first path in alphabetical order counts.
 */
export const folderPki = (files: ReadonlyMap<string, Uint8Array>, name = 'SGP.26 files'): FolderPki => {
  const content: Content = { certificates: new Map(), privateKeys: new Map(), privatePems: new Map(), publicKeys: new Map(), problems: [] };
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) readFile(path, file, content);
  const { certificates, privateKeys, privatePems, publicKeys, problems } = content;

  const issuerOf = (certificate: Certificate): Certificate | undefined =>
    [...certificates.values()].find(
      ({ subject, subjectKeyId }) =>
        equal(subject.octets, certificate.issuer.octets) &&
        (!certificate.authorityKeyId || !subjectKeyId || equal(subjectKeyId, certificate.authorityKeyId)),
    );
  return {
    name,
    problems,
    certificate: wanted => certificates.get(canonicalName(wanted))?.der,
    privateKey: wanted => privateKeys.get(canonicalName(wanted)),
    privateKeyPem: wanted => privatePems.get(canonicalName(wanted)),
    publicKey: wanted => {
      const canonical = canonicalName(wanted);
      return certificates.get(canonical)?.publicKey ?? privateKeys.get(canonical) ?? publicKeys.get(canonical);
    },
    names: () => [...certificates.keys()].map(canonical => `CERT_${canonical}`),
    chain: wanted => {
      const chain: Certificate[] = [];
      let at = certificates.get(canonicalName(wanted));
      while (at && !chain.includes(at)) {
        chain.push(at);
        at = isSelfIssued(at) ? undefined : issuerOf(at);
      }
      return chain.map(({ der }) => der);
    },
  };
};
