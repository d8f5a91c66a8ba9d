/** Seeded defects of an SM-DP+ in its offer and in the Bound Profile Package. SGP.22 2.5.4, 5.6.2, 5.6.3 */
import { concat, equal, tlv } from '#protocol/asn1/tlv.js';
import type { Binding } from '#protocol/bpp/bind.js';
import { ENCRYPTED_CAPACITY, MAC_ONLY_CAPACITY } from '#protocol/crypto/bsp.js';
import type { SmdpOverride } from '../roles/smdp/index.js';
import { contained, edit, removed, spoilt } from './edits.js';
import { deciding, refusing, type SmdpDeviation, type SmdpDeviations, sending } from './smdp-deviation.js';

/** smdpSigned2 with one field changed before it is signed. */
const offering = (does: string, path: string, change: Parameters<typeof edit>[2]): SmdpDeviation =>
  deciding(does, { writesSigned: (name, octets) => (name === 'smdpSigned2' ? edit(octets, path, change) : octets) });

const OFF = tlv(0x01, Uint8Array.of(0));
const ON = tlv(0x01, Uint8Array.of(0xff));

const signsOfferAlone: SmdpOverride = (_correct, { pki }) => ({
  signingKey: (name, key) => (name === 'smdpSigned2' ? (pki.privateKey('CERT_S_SM_DPauth') ?? key) : key),
});

const offersByAuthentication: SmdpOverride = () => ({
  choosesServerCi: found =>
    found && { ...found, credential: name => found.credential(name.startsWith('CERT_S_SM_DPpb') ? 'CERT_S_SM_DPauth' : name) },
});

/** The metadata of SGP.32 are in neither. */
const omitsIotMetadata: SmdpOverride = () => ({
  outgoing: (type, octets) => (type === 'AuthenticateClientResponseEs9' ? edit(octets, 'A0 BF25 9F67', removed) : octets),
  binds: made => ({ ...made, metadata: edit(made.metadata, '9F67', removed) }),
});

/** Defects of the offer. */
export const smdpOfferDefects: SmdpDeviations = {
  presentsAuthenticationCertificateForBinding: {
    does: 'Its offers come with the certificate for authentication.',
    override: offersByAuthentication,
  },
  omitsIotMetadata: { does: 'It leaves fallbackAllowed out of the metadata.', override: omitsIotMetadata },
  signsOfferWithAuthenticationKey: { does: 'It signs offers with its key for authentication.', override: signsOfferAlone },
  spoilsOfferSignature: deciding('The last bit of smdpSignature2 is wrong.', {
    writesSignature: (name, signature) => (name === 'smdpSigned2' ? spoilt(signature) : signature),
  }),
  offersOtherTransactionId: offering('It signs another TransactionID in offers than that of the session.', '80', spoilt),
  hidesConfirmationCode: offering('It never says that a Confirmation Code is needed.', '01', () => OFF),
  inventsConfirmationCode: offering('It always says that a Confirmation Code is needed.', '01', () => ON),
  offersOtherMetadata: sending('Its offers show another name than the Profile has.', 'AuthenticateClientResponseEs9', octets =>
    edit(
      octets,
      'A0 BF25 92',
      contained(() => new TextEncoder().encode('Another Profile')),
    ),
  ),
  offersOtherIccid: sending('Its offers show another ICCID than the Profile has.', 'AuthenticateClientResponseEs9', octets =>
    edit(octets, 'A0 BF25 5A', spoilt),
  ),
};

/** Binds otherwise. */
const binding = (does: string, change: (binding: Binding) => Partial<Binding>): SmdpDeviation =>
  deciding(does, { binds: made => ({ ...made, ...change(made) }) });

/** Defects of the package. */
export const smdpPackageDefects: SmdpDeviations = {
  bindsForOtherEid: binding('It derives session keys for another EID.', ({ eid }) => ({ eid: spoilt(eid) })),
  namesOtherTransactionInPackage: binding('Its packages name another TransactionID than that of the session.', ({ transactionId }) => ({
    transactionId: spoilt(transactionId),
  })),
  reusesOneTimeKey: {
    does: 'It has one one-time key for all packages.',
    override: () => {
      let first: Binding | undefined;
      return {
        binds: made => {
          first ??= made;
          return { ...made, smdpOtKey: first.smdpOtKey };
        },
      };
    },
  },
  bindsOtherMetadata: binding('Its packages hold other metadata than it offered.', ({ metadata }) => ({
    metadata: edit(
      metadata,
      '92',
      contained(() => new TextEncoder().encode('Another Profile')),
    ),
  })),
  ignoresRandomKeys: deciding('It protects Profiles by the session keys although it has random keys for them.', {
    binds: ({ ppk: _, ...made }) => made,
  }),
  cutsMetadataOff: binding('Of long metadata it sends the first block only.', ({ metadata }) => ({
    metadata: metadata.subarray(0, MAC_ONLY_CAPACITY),
  })),
  sendsLongMetadataBlocks: binding('It sends metadata in one block of any length.', ({ metadata }) => ({
    metadataCapacity: metadata.length,
  })),
  sendsLongBlocks: binding('Its blocks are longer than 1020 octets.', () => ({ blockCapacity: ENCRYPTED_CAPACITY + 16 })),
  spoilsPackage: sending('The last octet of its packages is wrong.', 'GetBoundProfilePackageResponse', spoilt),
  signsPackageWithAuthenticationKey: {
    does: 'It signs packages with its key for authentication.',
    override: (_correct, { pki }) => ({
      binds: made => ({ ...made, dpPbKey: pki.privateKey('CERT_S_SM_DPauth') ?? made.dpPbKey }),
    }),
  },
};

/** Defects of the Confirmation Code. */
export const smdpCodeDefects: SmdpDeviations = {
  acceptsMissingCode: deciding('It delivers without the Confirmation Code that is needed.', {
    judgesCode: (expected, given) => (given === undefined || equal(expected, given) ? 'right' : 'wrong'),
  }),
  acceptsWrongCode: deciding('It delivers for any Confirmation Code.', { judgesCode: (_expected, given) => (given ? 'right' : 'missing') }),
  neverEndsCodeAttempts: deciding('It lets callers try Confirmation Codes for ever.', { endsAttempts: () => false }),
  endsAfterFirstWrongCode: {
    does: 'After one wrong Confirmation Code it takes the right one no more, and does not say so.',
    override: () => {
      let failed = false;
      return {
        judgesCode: (expected, given) => {
          const isRight = given !== undefined && equal(expected, given) && !failed;
          failed ||= given !== undefined && !isRight;
          return given === undefined ? 'missing' : isRight ? 'right' : 'wrong';
        },
        endsAttempts: () => false,
      };
    },
  },
  confusesCodeErrors: refusing('It answers a missing Confirmation Code like a wrong one, and exhausted attempts too.', {
    '8.2.7/2.2': '8.2.7/3.8',
    '8.2.7/6.4': '8.2.7/3.8',
  }),
  answersCodeUndefined: refusing('It answers a wrong Confirmation Code by an execution error.', { '8.2.7/3.8': '8.8/4.2' }),
};

/** Defects of repeated downloads. SGP.22 3.1.3.3 */
export const smdpRetryDefects: SmdpDeviations = {
  usesUpOrderByDelivery: deciding('An order is over for it as soon as its package went out.', { stateAfterDelivery: () => 'installed' }),
  refusesSameOtpk: deciding('It refuses an eUICC that comes again with the one-time key that it offered.', {
    acceptsOtpk: (offered, given) => offered === undefined || !equal(offered, given),
  }),
  sendsFormerPackage: deciding('It sends the former package to an eUICC that comes with another one-time key.', {
    keepsBinding: () => true,
  }),
  offersUnknownOtpk: {
    does: 'It offers a one-time key that is not the one of the earlier download.',
    override: () => ({ offersOtpk: kept => kept && concat(kept.subarray(0, 1), kept.subarray(33), kept.subarray(1, 33)) }),
  },
};
