/** Making an eUICC known to the eIM as one it is associated with. */
import { decode } from '#protocol/asn1/decode.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { fromJson } from '#protocol/asn1/json.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import { IpaCapabilities } from '#protocol/iot/data.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { RulesAuthorisationTable } from '#protocol/rsp/basic.js';
import { DeviceInfo, EUICCInfo1 } from '#protocol/rsp/info.js';
import { integerParameter, OrderError, octetsParameter, type Parameters, textParameter } from '../parameters.js';
import type { EimContext } from './context.js';
import { identityOf } from './identity.js';
import { type EimView, EMPTY_VIEW, type EuiccData, type EuiccRecord, type IpaPlace } from './state.js';

/** A value of a type given as DER in hex, or in the JSON form of the type. */
const derParameter = (eim: EimContext, given: Parameters, name: string, type: Type): Uint8Array | undefined => {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  const { spec } = eim.world;
  try {
    const octets = typeof value === 'string' ? octetsParameter(given, name) : encodeUntyped(type, fromJson(type, value, spec), { spec });
    if (octets && decode(type, octets, { spec }).ok) return octets;
  } catch (cause) {
    if (cause instanceof OrderError) throw cause;
    throw new OrderError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  throw new OrderError(`expected ${type.name} (DER in hex, or its members) as "${name}"`);
};

/** A certificate: DER in hex, PEM, or an object that holds either. */
const certificateParameter = (given: Parameters, name: string): Uint8Array => {
  const value = given[name];
  const text = typeof value === 'object' && value !== null && 'der' in value ? value.der : value;
  if (typeof text !== 'string')
    throw new OrderError(`expected a certificate as "${name}", got ${text === undefined ? 'nothing' : typeof text}`);
  const pem = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(text)?.[1];
  const der = pem === undefined ? fromHex(text) : new Uint8Array(Buffer.from(pem, 'base64'));
  if (!der || der.length === 0) throw new OrderError(`expected a certificate in hex or PEM as "${name}"`);
  return der;
};

const ipaFeatures = (eim: EimContext, given: Parameters): readonly string[] | undefined => {
  const value = given.ipaCapabilities;
  const names = Array.isArray(value) ? { ipaFeatures: value } : value;
  const octets = derParameter(eim, { ipaCapabilities: names }, 'ipaCapabilities', IpaCapabilities);
  return octets && decode(IpaCapabilities, octets, { spec: eim.world.spec }).value.ipaFeatures;
};

const eims = (given: Parameters): readonly EimView[] => {
  const list: readonly unknown[] = Array.isArray(given.eims) ? given.eims : [];
  return list.flatMap((item): EimView[] => {
    if (typeof item === 'string') return [{ eimId: item }];
    if (typeof item !== 'object' || item === null) return [];
    const eimId = textParameter({ ...item }, 'eimId');
    const associationToken = integerParameter({ ...item }, 'associationToken');
    return eimId === undefined ? [] : [{ eimId, ...(associationToken === undefined ? {} : { associationToken }) }];
  });
};

const euiccData = (eim: EimContext, given: Parameters): EuiccData => {
  const data: EuiccData = {};
  const euiccInfo1 = derParameter(eim, given, 'euiccInfo1', EUICCInfo1);
  const euiccInfo2 = derParameter(eim, given, 'euiccInfo2', EUICCInfo2);
  const rat = derParameter(eim, given, 'rat', RulesAuthorisationTable);
  const deviceInfo = derParameter(eim, given, 'deviceInfo', DeviceInfo);
  const features = ipaFeatures(eim, given);
  if (euiccInfo1) data.euiccInfo1 = euiccInfo1;
  if (euiccInfo2) data.euiccInfo2 = euiccInfo2;
  if (rat) data.rat = rat;
  if (deviceInfo) data.deviceInfo = deviceInfo;
  if (features) data.ipaFeatures = features;
  return data;
};

/** The key for an association: the one on `signingCurve`, the usual one when it is left out. */
const signingKeyOf = (eim: EimContext, given: Parameters): PrivateKey => {
  const { signingKey, otherSigningKeys = [] } = eim.config;
  const curve = textParameter(given, 'signingCurve') ?? signingKey.curve;
  const key = [signingKey, ...otherSigningKeys].find(k => k.curve === curve);
  if (!key) throw new OrderError(`expected a curve that this eIM signs on as "signingCurve", got ${JSON.stringify(curve)}`);
  return key;
};

const ipaPlace = (given: Parameters): IpaPlace | undefined => {
  const url = textParameter(given, 'ipaUrl');
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^(https?|coaps?):$/.test(new URL(url).protocol))
    throw new OrderError(`expected an https: or coaps: URL as "ipaUrl", got ${JSON.stringify(url)}`);
  const name = textParameter(given, 'ipaName');
  return { url, ...(name === undefined ? {} : { name }) };
};

/**
 * Registers an eUICC from {eid, eumCertificate, euiccCertificate, associationToken?, counter?, euiccInfo1?, euiccInfo2?,
 * ipaCapabilities?, rat?, deviceInfo?, eims?, signingCurve?, ipaUrl?, ipaName?}; one registered before is replaced, its orders end. Throws OrderError.
 */
export const registerEuicc = (eim: EimContext, given: Parameters): EuiccRecord => {
  const eid = textParameter(given, 'eid') ?? '';
  const eidValue = /^[0-9]{32}$/.test(eid) ? fromHex(eid) : undefined;
  if (!eidValue) throw new OrderError(`expected an EID of 32 digits as "eid", got ${JSON.stringify(eid)}`);
  const pair = {
    euiccCertificate: certificateParameter(given, 'euiccCertificate'),
    eumCertificate: certificateParameter(given, 'eumCertificate'),
  };
  const identity = identityOf(eim, pair, eid);
  if ('fault' in identity) throw new OrderError(`euiccCertificate: ${identity.fault}`);
  const counter = integerParameter(given, 'counter') ?? 0;
  const ipa = ipaPlace(given);
  const record: EuiccRecord = {
    eid,
    eidValue,
    initialCounter: counter,
    associated: true,
    counter,
    associationToken: integerParameter(given, 'associationToken'),
    seqNumber: undefined,
    latestEvent: -1,
    signingKey: signingKeyOf(eim, given),
    identities: [identity],
    data: euiccData(eim, given),
    view: { ...EMPTY_VIEW, eims: eims(given) },
    stale: false,
    packages: [],
    unacknowledged: [],
    acknowledging: undefined,
    ...(ipa ? { ipa } : {}),
  };
  forgetEuicc(eim, eid);
  eim.euiccs.set(eid, record);
  return record;
};

/** Drops an eUICC with its orders, sessions and notifications to forward; false when it was not known. */
export const forgetEuicc = (eim: EimContext, eid: string): boolean => {
  const record = eim.euiccs.get(eid);
  for (const [id, order] of eim.orders) if (order.eid === eid) eim.orders.delete(id);
  for (const [id, session] of eim.sessions) if (session.record === record) eim.sessions.delete(id);
  eim.notifications.forget(eid);
  return eim.euiccs.delete(eid);
};
