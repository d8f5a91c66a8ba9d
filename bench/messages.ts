/** The two messages that the codec is measured with, built from the definitions. */
import { encode } from '#protocol/asn1/encode.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';

const filled = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (seed + at * 31) & 0xff);

/** Result of listing 16 Profiles: about 1 kB in many small fields. */
export const packageResult: ValueOf<typeof EuiccPackageResult> = {
  euiccPackageResultSigned: {
    euiccPackageResultDataSigned: {
      eimId: 'eim.example.com',
      counterValue: 4711,
      eimTransactionId: filled(16, 1),
      seqNumber: 815,
      euiccResult: [
        { enableResult: 0 },
        {
          listProfileInfoResult: {
            profileInfoListOk: Array.from({ length: 16 }, (_, n) => ({
              iccid: filled(10, n),
              isdpAid: filled(16, n),
              profileState: n === 0 ? 1 : 0,
              serviceProviderName: 'Operator',
              profileName: `Profile ${n}`,
              profileClass: n === 1 ? 1 : 0,
              fallbackAllowed: n === 2,
            })),
          },
        },
      ],
    },
    euiccSignEPR: filled(64, 7),
  },
};
/** The same in DER. */
export const packageResultOctets = encode(EuiccPackageResult, packageResult);

/** A package as an SM-DP+ sends it: about 30 kB in blocks of 1020 octets. */
export const boundProfilePackage: ValueOf<typeof BoundProfilePackage> = {
  initialiseSecureChannelRequest: {
    remoteOpId: 1,
    transactionId: filled(16, 2),
    controlRefTemplate: { keyType: Uint8Array.of(0x88), keyLen: Uint8Array.of(0x10), hostId: filled(16, 3) },
    smdpOtpk: filled(65, 4),
    smdpSign: filled(64, 5),
  },
  firstSequenceOf87: [filled(24, 6)],
  sequenceOf88: [filled(200, 7)],
  secondSequenceOf87: [filled(72, 8)],
  sequenceOf86: Array.from({ length: 29 }, (_, n) => filled(1020, n)),
};
/** The same in DER. */
export const boundProfilePackageOctets = encode(BoundProfilePackage, boundProfilePackage);
