/**
 * The signature catalogue: which field signs which octets with whose key. SGP.32 2.11.1.1, 2.11.2.1; SGP.22 2.6.2.
 * Inputs are taken from the octets as received, never from a re-encoding.
 */
import { decode } from './asn1/decode.js';
import { type Decoded, type Element, elements, octetsOf } from './asn1/element.js';
import { integerOctets } from './asn1/primitives.js';
import { concat, tlv } from './asn1/tlv.js';
import type { Spec, Type } from './asn1/type.js';
import { type PrivateKey, sign } from './crypto/ecdsa.js';

/** Whose key makes a signature: eIM, eUICC, SM-DP+ or SM-DS authentication key, SM-DP+ package binding key. */
export type Signer = 'eim' | 'euicc' | 'serverAuth' | 'dpPb';

/** What a signature covers besides fields of its own structure; octets are complete TLVs. */
export interface SigningContext {
  /** Association token between eIM and eUICC; undefined when none is configured (signed as 84 01 00). SGP.32 2.11.1.1 */
  readonly associationToken?: number | undefined;
  /** euiccSignature1 of the session, `5F37 40 …`. */
  readonly euiccSignature1?: Uint8Array | undefined;
  /** smdpSignature2 of the session, `5F37 40 …`. */
  readonly smdpSignature2?: Uint8Array | undefined;
  /** One-time public key of the eUICC, `5F49 41 …`. */
  readonly euiccOtpk?: Uint8Array | undefined;
  /** eimSignature of the request, `5F37 40 …`: covered by results of version 1.0 in place of the token. */
  readonly eimSignature?: Uint8Array | undefined;
}

type Part = { readonly field: string } | { readonly context: keyof SigningContext };
export interface SignatureRule {
  /** Type whose value holds the signature. */
  readonly container: string;
  readonly field: string;
  readonly signer: Signer;
  readonly parts: readonly Part[];
}

const field = (name: string): Part => ({ field: name });
const context = (name: keyof SigningContext): Part => ({ context: name });
const rule = (container: string, name: string, signer: Signer, ...parts: readonly Part[]): SignatureRule => ({
  container,
  field: name,
  signer,
  parts,
});

export const SIGNATURES: readonly SignatureRule[] = [
  rule('EuiccPackageRequest', 'eimSignature', 'eim', field('euiccPackageSigned'), context('associationToken')),
  rule('EuiccPackageResultSigned', 'euiccSignEPR', 'euicc', field('euiccPackageResultDataSigned'), context('associationToken')),
  rule('EuiccPackageErrorSigned', 'euiccSignEPE', 'euicc', field('euiccPackageErrorDataSigned'), context('associationToken')),
  rule('InitiateAuthenticationOkEsipa', 'serverSignature1', 'serverAuth', field('serverSigned1')),
  rule('InitiateAuthenticationOkEs9', 'serverSignature1', 'serverAuth', field('serverSigned1')),
  rule('AuthenticateServerRequest', 'serverSignature1', 'serverAuth', field('serverSigned1')),
  rule('AuthenticateResponseOk', 'euiccSignature1', 'euicc', field('euiccSigned1')),
  rule('AuthenticateClientOk', 'smdpSignature2', 'dpPb', field('smdpSigned2'), context('euiccSignature1')),
  rule('AuthenticateClientOkDPEsipa', 'smdpSignature2', 'dpPb', field('smdpSigned2'), context('euiccSignature1')),
  rule('PrepareDownloadRequest', 'smdpSignature2', 'dpPb', field('smdpSigned2'), context('euiccSignature1')),
  rule('PrepareDownloadResponseOk', 'euiccSignature2', 'euicc', field('euiccSigned2'), context('smdpSignature2')),
  rule(
    'InitialiseSecureChannelRequest',
    'smdpSign',
    'dpPb',
    field('remoteOpId'),
    field('transactionId'),
    field('controlRefTemplate'),
    field('smdpOtpk'),
    context('euiccOtpk'),
  ),
  rule('ProfileInstallationResult', 'euiccSignPIR', 'euicc', field('profileInstallationResultData')),
  rule('OtherSignedNotification', 'euiccNotificationSignature', 'euicc', field('tbsOtherNotification')),
  rule('CompactOtherSignedNotification', 'euiccNotificationSignature', 'euicc', field('tbsOtherNotification')),
  rule('CancelSessionResponseOk', 'euiccCancelSessionSignature', 'euicc', field('euiccCancelSessionSigned')),
];
const byContainer = new Map(SIGNATURES.map(r => [r.container, r]));

/** A signature found in a message. */
export interface SignatureSite {
  readonly rule: SignatureRule;
  /** Path of the structure that holds it; empty for the message itself. */
  readonly containerPath: string;
  readonly path: string;
  readonly container: Element;
  readonly signature: Element;
}

/** Every signature of the catalogue in a message, in wire order. */
export const signaturesIn = (message: Decoded): SignatureSite[] => {
  const sites: SignatureSite[] = [];
  for (const { element, path } of elements(message.root)) {
    const r = byContainer.get(element.type.name);
    const signature = r && element.children.find(c => c.name === r.field);
    if (r && signature)
      sites.push({ rule: r, containerPath: path, path: path ? `${path}.${r.field}` : r.field, container: element, signature });
  }
  return sites;
};

/** The octets of a signature as they stand in its message; 64 of them when it has its right form. */
export const signatureOctets = (message: Decoded, { signature }: SignatureSite): Uint8Array =>
  message.octets.subarray(signature.content, signature.end);

/** The token as it is signed: context tag 4, `84 01 00` when none is configured. */
export const associationTokenTlv = (token: number | undefined): Uint8Array => tlv(0x84, integerOctets(token ?? 0));

/** The octets that a signature covers, or what is missing to know them. */
export const signedOctets = (
  message: Decoded,
  site: SignatureSite,
  given: SigningContext,
): { readonly octets: Uint8Array } | { readonly missing: string } => {
  const parts: Uint8Array[] = [];
  for (const part of partsIn(site.rule, message.spec)) {
    if ('field' in part) {
      const covered = site.container.children.find(c => c.name === part.field);
      if (!covered) return { missing: part.field };
      parts.push(octetsOf(message, covered));
    } else if (part.context === 'associationToken') parts.push(associationTokenTlv(given.associationToken));
    else {
      const octets = given[part.context];
      if (!octets) return { missing: part.context };
      parts.push(octets);
    }
  }
  return { octets: concat(...parts) };
};

/** v1.0 results cover the eimSignature of the request where later versions cover the token. SGP.32 v1.0 2.11.2.1 */
export const partsIn = (r: SignatureRule, spec: Spec): readonly Part[] =>
  spec === '1.0' && r.signer === 'euicc'
    ? r.parts.map(p => ('context' in p && p.context === 'associationToken' ? context('eimSignature') : p))
    : r.parts;

/**
 * Signs a message anew: every signature whose key `keyFor` knows is replaced, in place, over the octets as they stand.
 * A signature field of another length than 64 octets is left as it is.
 */
export const signMessage = (
  type: Type,
  octets: Uint8Array,
  keyFor: (site: SignatureSite) => PrivateKey | undefined,
  given: (site: SignatureSite) => SigningContext,
  spec: Spec,
): Uint8Array => {
  const signed = Uint8Array.from(octets);
  const message = decode(type, signed, { spec });
  for (const site of signaturesIn(message)) {
    const key = keyFor(site);
    const covered = signedOctets(message, site, given(site));
    if (key && 'octets' in covered && site.signature.end - site.signature.content === 64)
      signed.set(sign(key, covered.octets), site.signature.content);
  }
  return signed;
};
