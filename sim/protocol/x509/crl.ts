import { equal, tlvContent, tlvOctets } from '../asn1/tlv.js';
import { derToRaw, verify } from '../crypto/ecdsa.js';
import type { PublicKey } from '../crypto/key.js';
import type { NotACertificate } from './certificate.js';
import { ECDSA_WITH_SHA256, EXTENSIONS } from './oids.js';
import { Malformed, members, need, oidText, only, time, wholeBits } from './reader.js';

/** A certificate revocation list as received. RFC 5280 5.1 */
export interface RevocationList {
  /** The signed part, a complete TLV. */
  readonly tbs: Uint8Array;
  readonly thisUpdate: Date;
  /** Key identifier of the issuer; undefined when the list names none. */
  readonly authorityKeyId: Uint8Array | undefined;
  /** Serial numbers, contents of their INTEGERs. */
  readonly revoked: readonly Uint8Array[];
  /** It only tells what changed since another list. RFC 5280 5.2.4 */
  readonly isDelta: boolean;
  readonly signatureAlgorithm: string;
  readonly rawSignature: Uint8Array | undefined;
}

const DELTA_INDICATOR = '2.5.29.27';
const TIMES: readonly (number | undefined)[] = [0x17, 0x18];

const keyIdIn = (value: Uint8Array): Uint8Array | undefined => {
  const list = members(value, only(value, 0, value.length, 0x30, 'authorityKeyIdentifier'), 'authorityKeyIdentifier');
  const id = list.find(member => member.tag === 0x80);
  return id && tlvContent(value, id);
};

const read = (der: Uint8Array): RevocationList => {
  const outer = only(der, 0, der.length, 0x30, 'CertificateList');
  const [tbs, algorithm, signatureBits] = members(der, outer, 'CertificateList');
  const signed = need(tbs, 0x30, 'TBSCertList');
  const fields = members(der, signed, 'TBSCertList');
  // Lists with extensions have a version in front; nextUpdate and the entries may be missing.
  const [, , thisUpdate, ...rest] = fields[0]?.tag === 0x02 ? fields.slice(1) : fields;
  const optional = TIMES.includes(rest[0]?.tag) ? rest.slice(1) : rest;
  const entries = optional.find(field => field.tag === 0x30);
  const extensions = optional.find(field => field.tag === 0xa0);
  const known = new Map<string, Uint8Array>();
  if (extensions)
    for (const found of members(der, only(der, extensions.content, extensions.end, 0x30, 'crlExtensions'), 'crlExtensions')) {
      const parts = members(der, need(found, 0x30, 'Extension'), 'Extension');
      known.set(oidText(der, parts[0], 0x06, 'extnID'), tlvContent(der, need(parts.at(-1), 0x04, 'extnValue')));
    }
  const keyId = known.get(EXTENSIONS.authorityKeyIdentifier);
  return {
    tbs: tlvOctets(der, signed),
    thisUpdate: time(der, thisUpdate, 'thisUpdate'),
    authorityKeyId: keyId && keyIdIn(keyId),
    revoked: entries
      ? members(der, entries, 'revokedCertificates').map(entry => {
          const [serial] = members(der, need(entry, 0x30, 'entry'), 'entry');
          return tlvContent(der, need(serial, 0x02, 'userCertificate'));
        })
      : [],
    isDelta: known.has(DELTA_INDICATOR),
    signatureAlgorithm: oidText(der, members(der, need(algorithm, 0x30, 'signatureAlgorithm'), 'signatureAlgorithm')[0], 0x06, 'algorithm'),
    rawSignature: derToRaw(wholeBits(der, signatureBits, 'signatureValue')),
  };
};

/** Reads one DER revocation list; whatever the octets are, it answers and never throws. RFC 5280 5.1 */
export const parseRevocationList = (der: Uint8Array): RevocationList | NotACertificate => {
  try {
    return read(der);
  } catch (cause) {
    if (cause instanceof Malformed) return { problem: cause.message };
    throw cause;
  }
};

/** Whether its signature is ECDSA with SHA-256 of the issuer's key over the octets received. */
export const verifyRevocationList = ({ tbs, signatureAlgorithm, rawSignature }: RevocationList, issuerKey: PublicKey): boolean =>
  signatureAlgorithm === ECDSA_WITH_SHA256 && rawSignature !== undefined && verify(issuerKey, tbs, rawSignature);

/** Whether it lists the serial number of a certificate. */
export const isRevoked = ({ revoked }: RevocationList, serial: Uint8Array): boolean => revoked.some(listed => equal(listed, serial));
