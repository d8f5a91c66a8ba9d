/**
 * Removes eIMs of a test from a card whose memory reset leaves eIMs where they are: one whose key is in the PKI of the lab
 * removes the others and itself, by a package that it signs. SGP.32 3.5.1, 5.9.1, 5.9.18
 */
import { encode } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { type PrivateKey, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import {
  type EimConfigurationData,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { GetEuiccDataRequest, GetEuiccDataResponse } from '#protocol/rsp/info.js';
import { signMessage } from '#protocol/signatures.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Pki } from '#protocol/x509/pki.js';
import { OperatorError } from '../../adapters/adapter.js';
import type { AskCard } from './card-state.js';

type Configuration = ValueOf<typeof EimConfigurationData>;

/** Packages tried; a card that keeps its eIMs must not hold up the run. */
const MOST_ATTEMPTS = 8;
const EID_TAG = 0x5a;
const SIGNATURE_LENGTH = 64;
const NOTHING = new Uint8Array();

const keyInfo = ({ eimPublicKeyData: data }: Configuration): Uint8Array | undefined => {
  if (!data?.eimCertificate) return data?.eimPublicKey;
  const certificate = parseCertificate(data.eimCertificate);
  return isProblem(certificate) ? undefined : certificate.spki;
};

const keysOf = (pki: Pki): readonly PrivateKey[] =>
  pki.names().flatMap(name => (/^CERT_S_EIMsign/.test(name) ? (pki.privateKey(`SK_${name.slice('CERT_'.length)}`) ?? []) : []));

const associated = async (ask: AskCard): Promise<readonly Configuration[]> =>
  (await ask(GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)).value.eimConfigurationDataList;

/** Between the counters of two attempts: a card may show the counter that an association began with. SGP.32 5.9.18 */
const COUNTER_STEP = 1000;

/** What leads out of an association: all others removed, then the one that signs. */
const farewell = (
  eims: readonly Configuration[],
  sender: Configuration,
  key: PrivateKey,
  counterValue: number,
  eidValue: Uint8Array,
  spec: Spec,
) => {
  const others = eims.filter(eim => eim !== sender);
  const euiccPackageSigned = {
    eimId: sender.eimId,
    eidValue,
    counterValue,
    euiccPackage: { ecoList: [...others, sender].map(({ eimId }) => ({ deleteEim: { eimId } })) },
  };
  const octets = encode(EuiccPackageRequest, { euiccPackageSigned, eimSignature: new Uint8Array(SIGNATURE_LENGTH) }, { spec });
  const { associationToken } = sender;
  return signMessage(
    EuiccPackageRequest,
    octets,
    () => key,
    () => ({ associationToken }),
    spec,
  );
};

/** Leaves the card without eIMs; rejects with OperatorError when there are some that nobody here can remove. */
export const removeEims = async (ask: AskCard, pki: Pki, spec: Spec): Promise<void> => {
  const keys = keysOf(pki);
  const keyFor = (eim: Configuration) => keys.find(key => equal(subjectPublicKeyInfo(key), keyInfo(eim) ?? NOTHING));
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const eims = await associated(ask);
    if (eims.length === 0) return;
    const senders = eims.filter(keyFor);
    const sender = senders[attempt % senders.length];
    const key = sender && keyFor(sender);
    if (!key) break;
    const { eidValue } = (await ask(GetEuiccDataRequest, { tagList: Uint8Array.of(EID_TAG) }, GetEuiccDataResponse)).value;
    const octets = farewell(eims, sender, key, (sender.counterValue ?? 0) + 1 + attempt * COUNTER_STEP, eidValue, spec);
    await ask(EuiccPackageRequest, raw(octets), EuiccPackageResult);
  }
  const left = (await associated(ask)).map(({ eimId }) => eimId).join(', ');
  if (left) throw new OperatorError('refused', `the eUICC keeps eIMs that no key of this lab removes: ${left}`);
};
