/** Signing anew what a test case changed in a message that carries objects of the eUICC. */
import { type Decoded, elements, find } from '#protocol/asn1/element.js';
import { tlv } from '#protocol/asn1/tlv.js';
import type { PrivateKey } from '#protocol/crypto/key.js';
import type { SignatureSite, SigningContext } from '#protocol/signatures.js';
import { credentialFor } from './credentials.js';
import type { Chip } from './state.js';

/** Keys and context for `signMessage` and `signedOctets`. */
export interface EuiccSigner {
  /** The private key for a signature of the eUICC; undefined when somebody else signs it. */
  key(message: Decoded, site: SignatureSite): PrivateKey | undefined;
  /** What the eUICC's signatures in this message cover beyond the message. */
  context(message: Decoded): SigningContext;
}

const PACKAGE_OBJECTS: ReadonlySet<string> = new Set(['EuiccPackageResultDataSigned', 'EuiccPackageErrorDataSigned', 'EuiccPackageSigned']);

/** A member of the package or result in a message. */
const memberIn = (message: Decoded, name: 'eimId' | 'counterValue'): string | undefined => {
  for (const { element } of elements(message.root)) {
    if (!PACKAGE_OBJECTS.has(element.type.name)) continue;
    const found = find(element, name);
    if ('element' in found) return String(found.element.value);
  }
  return undefined;
};
/** The eIM that it is for. */
const eimIdIn = (message: Decoded): string | undefined => memberIn(message, 'eimId');

/** The signer that stands for an eUICC. */
export const signerOf = ({ chip }: { readonly chip: Chip }): EuiccSigner => ({
  key: (message, site) => {
    if (site.rule.signer !== 'euicc') return undefined;
    const isOfPackage = site.rule.container === 'EuiccPackageResultSigned' || site.rule.container === 'EuiccPackageErrorSigned';
    const eim = chip.memory.eims.find(e => e.eimId === eimIdIn(message));
    const credential = isOfPackage ? eim && credentialFor(chip.credentials, eim.euiccCiPKId) : chip.memory.session?.credential;
    return (credential ?? chip.credentials[0]).key;
  },
  context: message => {
    const eimId = eimIdIn(message);
    const eim = chip.memory.eims.find(e => e.eimId === eimId);
    const { session, bindings } = chip.memory;
    const binding =
      eimId === undefined ? undefined : (bindings.get(`${eimId} ${memberIn(message, 'counterValue')}`) ?? bindings.get(eimId));
    return {
      associationToken: binding ? binding.associationToken : eim?.associationToken,
      eimSignature: binding?.eimSignature,
      euiccSignature1: session?.euiccSignature1,
      smdpSignature2: session?.smdpSignature2,
      euiccOtpk: session?.otKey && tlv(0x5f49, session.otKey.point),
    };
  },
});
