/** ES10b.LoadCRL: the revocation lists of the CIs, for eUICCs that announce crlSupport. SGP.22 5.7.12 */
import { equal } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { type LoadCRLResponse, loadCrlErrors } from '#protocol/rsp/local.js';
import type { Certificate } from '#protocol/x509/certificate.js';
import { isRevoked, parseRevocationList, verifyRevocationList } from '#protocol/x509/crl.js';
import { credentialFor } from './credentials.js';
import { refusal } from './judgement.js';
import { breaksDown, type Chip } from './state.js';

/** Whether the eUICC knows revocation lists; like an IPA of its own they have to be asked for. */
export const knowsRevocation = ({ config }: Chip): boolean => config.supports?.crl === true;

/** Keeps the list in place of the one that its CI gave before. Lists in parts are not known: they have no base. */
export const loadCrl = (chip: Chip, der: Uint8Array): InputOf<ValueOf<typeof LoadCRLResponse>> => {
  const { memory, credentials, config } = chip;
  const parsed = parseRevocationList(der);
  const list = 'problem' in parsed ? undefined : parsed;
  const ci = list?.authorityKeyId && credentialFor(credentials, list.authorityKeyId);
  const key = ci?.ciCertificate.publicKey;
  const former = memory.revocations.find(kept => ci && equal(kept.ciPKId, ci.ciPKId));
  const code = refusal(chip, 'loadCrl', [
    ['form', loadCrlErrors.invalidCRLFormat, list === undefined],
    ['ciPKId', loadCrlErrors.verificationKeyNotFound, key === undefined],
    ['signature', loadCrlErrors.invalidSignature, !list || !key || !verifyRevocationList(list, key)],
    [
      'replay',
      loadCrlErrors.fresherCrlAlreadyLoaded,
      list !== undefined && former !== undefined && former.list.thisUpdate > list.thisUpdate,
    ],
    ['support', loadCrlErrors.baseCrlMissing, list?.isDelta === true],
    ['memory', loadCrlErrors.notEnoughMemorySpace, config.memoryFull === true],
    ['breakdown', loadCrlErrors.undefinedError, breaksDown(chip, 'loadCrl')],
  ]);
  if (code !== undefined || !list || !ci) return { loadCRLResponseError: code ?? loadCrlErrors.undefinedError };
  memory.revocations = [...memory.revocations.filter(kept => kept !== former), { ciPKId: ci.ciPKId, list }];
  return { loadCRLResponseOk: {} };
};

/** Whether a list of its issuer names a certificate. */
export const isRevokedCertificate = ({ memory }: Chip, { authorityKeyId, serial }: Certificate): boolean =>
  memory.revocations.some(({ ciPKId, list }) => authorityKeyId !== undefined && equal(ciPKId, authorityKeyId) && isRevoked(list, serial));
