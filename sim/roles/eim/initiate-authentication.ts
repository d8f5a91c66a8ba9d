/** InitiateAuthentication: from a trigger to an open session with the RSP server. SGP.32 5.14.1, 6.3.2.1 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { type InitiateAuthenticationRequestEsipa, InitiateAuthenticationResponseEsipa } from '#protocol/iot/authentication.js';
import { CtxParams1 } from '#protocol/rsp/authentication.js';
import { type InitiateAuthenticationOkEs9, InitiateAuthenticationRequest, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { DeviceInfo } from '#protocol/rsp/info.js';
import { type Answer, answerWith, type EimContext } from './context.js';
import { oidsOfCertificate } from './identity.js';
import { relay } from './relay.js';
import { keepSession, type Session } from './sessions.js';
import { type Download, type EuiccRecord, failOrder, settleOrder } from './state.js';

type Request = Decoded<ValueOf<typeof InitiateAuthenticationRequestEsipa>>;
type Opened = Decoded<ValueOf<typeof InitiateAuthenticationResponse>>;

const SMDP_ADDRESS_MISMATCH = 50;
const SMDP_OID_MISMATCH = 51;
const INVALID_EIM_TRANSACTION_ID = 52;
const UNDEFINED_ERROR = 127;

interface Owner {
  readonly record: EuiccRecord;
  readonly download: Download;
}

/** v1.0 has no code beyond those for the address and the OID. */
const refuse = (eim: EimContext, code: number): Answer =>
  answerWith(eim, InitiateAuthenticationResponseEsipa, {
    initiateAuthenticationErrorEsipa: eim.world.spec === '1.0' && code > SMDP_OID_MISMATCH ? SMDP_ADDRESS_MISMATCH : code,
  });

const downloads = (eim: EimContext): readonly Owner[] =>
  [...eim.euiccs.values()].flatMap(record =>
    record.packages.flatMap(p => (p.kind === 'download' && p.phase === 'outstanding' ? [{ record, download: p }] : [])),
  );

/** The download that a request continues. Without an id (v1.0 has none), only an order whose trigger had none and that is alone can be meant. */
const ownerOf = (eim: EimContext, id: Uint8Array | undefined): Owner | undefined => {
  const open = downloads(eim);
  if (id) {
    const owner = open.find(o => o.download.eimTransactionId && equal(o.download.eimTransactionId, id));
    return eim.decisions.acceptsEimTransactionId(owner !== undefined) ? (owner ?? open[0]) : undefined;
  }
  const [only, ...others] = open.filter(o => eim.world.spec === '1.0' || o.download.eimTransactionId === undefined);
  return others.length === 0 ? only : undefined;
};

/** CtxParams1 that the eIM builds for an IPA that leaves this to it. SGP.32 4.1 (eimCtxParams1Generation) */
const ctxParams1For = (eim: EimContext, owner: Owner): Uint8Array | undefined => {
  const { ipaFeatures, deviceInfo } = owner.record.data;
  if (!ipaFeatures?.includes('eimCtxParams1Generation') || !deviceInfo || !decode(DeviceInfo, deviceInfo).ok) return undefined;
  const matchingId = owner.download.matchingId;
  return encode(CtxParams1, { ctxParamsForCommonAuthentication: { matchingId, deviceInfo: raw(deviceInfo) } }, { spec: eim.world.spec });
};

/** Answers InitiateAuthentication. */
export const initiateAuthentication = async (eim: EimContext, request: Request): Promise<Answer> => {
  const { decisions } = eim;
  const { smdpAddress, eimTransactionId } = request.value;
  const owner = ownerOf(eim, eimTransactionId);
  if (!owner && (eimTransactionId || smdpAddress === undefined)) return refuse(eim, INVALID_EIM_TRANSACTION_ID);
  const address = owner?.download.address ?? smdpAddress ?? '';
  if (smdpAddress !== undefined && !decisions.checksIpaAddress(address, smdpAddress)) return refuse(eim, SMDP_ADDRESS_MISMATCH);
  const euiccInfo1 = fieldOctets(request, 'euiccInfo1') ?? owner?.record.data.euiccInfo1;
  if (!euiccInfo1) return refuse(eim, UNDEFINED_ERROR);
  const octets = encode(
    InitiateAuthenticationRequest,
    { euiccChallenge: request.value.euiccChallenge, smdpAddress: address, euiccInfo1: raw(decisions.relays('euiccInfo1', euiccInfo1)) },
    { spec: eim.world.spec },
  );
  const rspInterface = owner?.download.interface ?? 'ES9+';
  const step = {
    name: 'InitiateAuthentication',
    interface: rspInterface,
    address,
    request: 'InitiateAuthenticationRequest',
    response: InitiateAuthenticationResponse,
    error: 'initiateAuthenticationError',
  } as const;
  const relayed = await relay(eim, step, octets);
  if ('error' in relayed) return fail(eim, owner, relayed.error);
  return open(eim, request, owner, { interface: rspInterface, address }, relayed.message);
};

const fail = (eim: EimContext, owner: Owner | undefined, code: number): Answer => {
  if (owner) {
    owner.download.phase = 'closed';
    failOrder(owner.download.order, `InitiateAuthentication: error ${code}`);
    settleOrder(owner.record, owner.download.order);
  }
  return refuse(eim, code);
};

/** What the eIM checks of the server before the IPA sees it. SGP.32 5.14.1 */
const faultIn = (
  eim: EimContext,
  request: Request,
  owner: Owner | undefined,
  address: string,
  ok: ValueOf<typeof InitiateAuthenticationOkEs9>,
) => {
  const { decisions } = eim;
  const { serverAddress, euiccChallenge, transactionId } = ok.serverSigned1;
  if (!decisions.checksServerAddress(address, serverAddress)) return SMDP_ADDRESS_MISMATCH;
  if (!decisions.checksOid(owner?.download.expectedOid, oidsOfCertificate(ok.serverCertificate))) return SMDP_OID_MISMATCH;
  const isOurs = decisions.checksChallenge(request.value.euiccChallenge, euiccChallenge) && equal(transactionId, ok.transactionId);
  return isOurs ? undefined : UNDEFINED_ERROR;
};

const open = (
  eim: EimContext,
  request: Request,
  owner: Owner | undefined,
  server: Pick<Session, 'interface' | 'address'>,
  message: Opened,
): Answer => {
  const ok = message.value.initiateAuthenticationOk;
  if (!ok) return fail(eim, owner, UNDEFINED_ERROR);
  const fault = faultIn(eim, request, owner, server.address, ok);
  if (fault !== undefined) return fail(eim, owner, fault);
  const octets = (field: string): Uint8Array => fieldOctets(message, `initiateAuthenticationOk.${field}`) ?? new Uint8Array();
  const ctxParams1 = owner && ctxParams1For(eim, owner);
  keepSession(eim, {
    ...server,
    transactionId: Uint8Array.from(ok.transactionId),
    download: owner?.download,
    record: owner?.record,
    serverOid: oidsOfCertificate(ok.serverCertificate)[0],
    serverSigned1: Uint8Array.from(octets('serverSigned1')),
    ctxParams1,
  });
  const relayed = (field: string) => raw(eim.decisions.relays(field, octets(field)));
  const features = owner?.record.data.ipaFeatures;
  return answerWith(eim, InitiateAuthenticationResponseEsipa, {
    initiateAuthenticationOkEsipa: {
      transactionId: eim.decisions.minimizes(features) ? undefined : ok.transactionId,
      serverSigned1: relayed('serverSigned1'),
      serverSignature1: relayed('serverSignature1'),
      euiccCiPKIdentifierToBeUsed: relayed('euiccCiPKIdToBeUsed'),
      serverCertificate: relayed('serverCertificate'),
      matchingId: ctxParams1 ? undefined : heldMatchingId(eim, owner),
      ctxParams1: ctxParams1 && raw(ctxParams1),
    },
  });
};

/** The matchingId goes to the IPA only when the trigger did not carry it. SGP.32 5.14.1 */
const heldMatchingId = (eim: EimContext, owner: Owner | undefined): string | undefined => {
  if (!owner?.download.matchingId) return undefined;
  return eim.decisions.sendsEmptyTrigger(owner.download.holdsData, owner.record.data.ipaFeatures) ? owner.download.matchingId : undefined;
};
