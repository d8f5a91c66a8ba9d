/** What the tests of the simulated eUICC and IPA share: a world with a fixed seed, an eIM that signs packages. */
import { createHash } from 'node:crypto';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Spec, type Type, type ValueOf } from '#protocol/asn1/type.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { type Curve, keyFromSeed, type PrivateKey, subjectPublicKeyInfo } from '#protocol/crypto/key.js';
import { type Eco, EuiccPackageRequest, EuiccPackageSigned, type Psmo } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { World } from '../../role.js';
import { createEuicc, type Euicc, type EuiccConfig } from './index.js';

/** One for all tests: every new one would mint its certificates again. */
export const PKI = testPki();
/** EID of CERT_EUICC, ICCIDs of three profiles; SGP.33 Annex A. */
export const EID1 = '89049032123451234512345678901235';
export const ICCID1 = '989209012143658709F5';
export const ICCID2 = '989209012143658719F4';
export const ICCID3 = '989209012143658729F3';

/** Octets of a hex text that is known to be one. */
export const octets = (hexText: string): Uint8Array => fromHex(hexText) ?? new Uint8Array();

/** A world whose random octets are the same in every run. */
export const testWorld = (spec: Spec = '1.2'): World => {
  let block = 0;
  return {
    spec,
    pki: PKI,
    now: () => new Date('2026-01-01T00:00:00Z'),
    random: count => {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < count; at += 32) parts.push(createHash('sha256').update(`test ${block++}`).digest());
      return new Uint8Array(concat(...parts).subarray(0, count));
    },
  };
};

/** An eIM with a key of its own, which signs what it is given. */
export interface TestEim {
  readonly eimId: string;
  readonly key: PrivateKey;
  readonly publicKey: Uint8Array;
}
/** An eIM whose key follows from its name. */
export const testEim = (eimId = 'testeim1', curve: Curve = 'P-256'): TestEim => {
  const key = keyFromSeed(curve, eimId);
  return { eimId, key, publicKey: subjectPublicKeyInfo(key) };
};

/** A package to sign; the list as values, or as octets of the operations when they are to be wrong. */
export interface TestPackage {
  readonly counter: number | bigint;
  readonly psmo?: readonly InputOf<ValueOf<typeof Psmo>>[];
  readonly eco?: readonly InputOf<ValueOf<typeof Eco>>[];
  readonly psmoOctets?: readonly Uint8Array[];
  readonly eid?: string;
  readonly trid?: string;
  readonly token?: number;
  readonly spec?: Spec;
}

/** A signed EuiccPackageRequest. */
export const signedPackage = (eim: TestEim, given: TestPackage): Uint8Array => {
  const spec = given.spec ?? '1.2';
  const list = given.psmoOctets ? raw(tlv(0xa0, ...given.psmoOctets)) : given.eco ? { ecoList: given.eco } : { psmoList: given.psmo ?? [] };
  const id = given.trid === undefined ? undefined : octets(given.trid);
  const data = encode(
    EuiccPackageSigned,
    {
      eimId: eim.eimId,
      eidValue: octets(given.eid ?? EID1),
      // A test may ask for a counter beyond every number; the encoder takes both.
      counterValue: given.counter as number,
      eimTransactionId: id,
      euiccPackage: list,
    },
    { spec },
  );
  const eimSignature = sign(eim.key, concat(data, associationTokenTlv(given.token)));
  return encode(EuiccPackageRequest, { euiccPackageSigned: raw(data), eimSignature }, { spec });
};

/** An eUICC with EID1 and the eIM `testeim1`, counter 0, no token, unless the configuration says otherwise. */
export const testEuicc = (config: Partial<EuiccConfig> = {}, world: World = testWorld()): Euicc => {
  const { eimId, publicKey } = testEim();
  return createEuicc({ eid: EID1, eims: [{ eimId, publicKey }], ...config }, world);
};

/** Runs one command by value; throws when the eUICC refuses it or its answer does not decode. */
export const call = <Q, A>(euicc: Euicc, request: Type<Q>, value: InputOf<Q>, response: Type<A>): A => {
  const { spec } = euicc.chip.world;
  const { sw, octets: data } = euicc.execute(encode(request, value, { spec }));
  const message = decode(response, data, { spec });
  if (sw !== '9000' || !message.ok) throw new Error(`${request.name}: SW ${sw}, ${JSON.stringify(message.diagnostics)}`);
  return message.value;
};

/** Loads a package and decodes the result. */
export const load = (euicc: Euicc, command: Uint8Array): ValueOf<typeof EuiccPackageResult> => {
  const message = decode(EuiccPackageResult, euicc.execute(command).octets, { spec: euicc.chip.world.spec });
  if (!message.ok) throw new Error(JSON.stringify(message.diagnostics));
  return message.value;
};

/** The operation results of a package that was executed. */
export const resultsOf = (euicc: Euicc, command: Uint8Array) => {
  const result = load(euicc, command).euiccPackageResultSigned;
  if (!result) throw new Error('expected euiccPackageResultSigned');
  return result.euiccPackageResultDataSigned.euiccResult;
};
