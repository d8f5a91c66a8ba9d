/** Seeded defects of an eIM in signing its packages. SGP.32 2.11.1.1, 2.6 */
import { rawToDer } from '#protocol/crypto/ecdsa.js';
import type { EimDeviations } from './deviation.js';
import { spoilt } from './edits.js';

const TOKEN_MASK = 0x7f;

/** Defects of signatures. */
export const eimSignatureDefects: EimDeviations = {
  signsWithOtherKey: {
    does: 'It signs with a key that no eUICC knows.',
    override: (_correct, { pki }) => ({ signingKey: key => pki.privateKey('SK_S_EIMsign2') ?? key }),
  },
  signsOnP256: {
    does: 'It signs on P-256 for associations on brainpoolP256r1 too.',
    override: (_correct, { pki }) => ({ signingKey: key => pki.privateKey('SK_S_EIMsign') ?? key }),
  },
  spoilsSignature: { does: 'The last bit of its signatures is wrong.', override: () => ({ writesSignature: spoilt }) },
  sendsDerSignature: {
    does: 'It writes its signature as ECDSA-Sig-Value of X9.62 instead of r and s.',
    override: () => ({ writesSignature: signature => rawToDer(signature) ?? signature }),
  },
  ignoresAssociationToken: {
    does: 'It signs as if there were no association token.',
    override: () => ({ tokenForSigning: () => undefined }),
  },
  signsTokenInOneOctet: {
    does: 'It cuts association tokens to one octet when it signs.',
    override: () => ({ tokenForSigning: token => token && token & TOKEN_MASK }),
  },
  signsWithoutTokenTlv: {
    does: 'It signs euiccPackageSigned alone, without the association token behind it.',
    override: () => ({ covers: signed => signed }),
  },
  inventsToken: {
    does: 'It signs with the token 1 where none is configured.',
    override: () => ({ tokenForSigning: token => token ?? 1 }),
  },
};
