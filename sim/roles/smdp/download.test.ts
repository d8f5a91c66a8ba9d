import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type Type } from '#protocol/asn1/type.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import {
  AuthenticateClientRequest,
  GetBoundProfilePackageRequest,
  HandleNotification,
  InitiateAuthenticationRequest,
} from '#protocol/rsp/es9plus.js';
import { es9plusClient, es9plusServer } from '../../bindings/es9plus-http.js';
import { inbound, sent } from '../../bindings/test-frames.js';
import { createEuicc, type Euicc } from '../euicc/index.js';
import { ADDRESS, EID1, ICCID1, octets, testWorld } from '../rsp-server/test-euicc.js';
import type { Smdp } from './index.js';
import { MATCHING_ID, orderState, smdpWith } from './test-smdp.js';

const client = es9plusClient();
const server = es9plusServer();

/** One call over the JSON binding, both sides of it; undefined for a function without output. */
const call = async (smdp: Smdp, type: Type, value: unknown) => {
  const frame = inbound(client.write(type, encodeUntyped(type, value)));
  const carried = server.read(frame);
  if (!('octets' in carried)) throw new Error(carried.reason);
  const answer = await smdp.react({ type: carried.type, message: decode(carried.type, carried.octets) });
  const read = client.read(sent(server.write(frame, answer)), type.name);
  return 'octets' in read ? decode(read.type, read.octets) : undefined;
};
const command = (euicc: Euicc, octetsSent: Uint8Array): Uint8Array => {
  const { sw, octets: answer } = euicc.execute(octetsSent);
  if (sw !== '9000') throw new Error(sw);
  return answer;
};
type Answered = Awaited<ReturnType<typeof call>>;
const field = (message: Answered, path: string) => raw((message && fieldOctets(message, path)) ?? new Uint8Array());

describe('a download from the SM-DP+ to the simulated eUICC', () => {
  for (const ppk of [false, true]) {
    it(`goes through JSON from challenge to notification, with ${ppk ? 'random' : 'session'} keys`, async () => {
      const smdp = smdpWith({ ppk });
      const euicc = createEuicc({ eid: EID1 }, testWorld());
      const euiccChallenge = command(euicc, octets('BF2E00')).subarray(-16);
      const euiccInfo1 = raw(command(euicc, octets('BF2000')));
      const session = await call(smdp, InitiateAuthenticationRequest, { euiccChallenge, smdpAddress: ADDRESS, euiccInfo1 });
      const ok = 'initiateAuthenticationOk';
      const authenticateServerResponse = command(
        euicc,
        encodeUntyped(AuthenticateServerRequest, {
          serverSigned1: field(session, `${ok}.serverSigned1`),
          serverSignature1: field(session, `${ok}.serverSignature1`),
          euiccCiPKIdToBeUsed: field(session, `${ok}.euiccCiPKIdToBeUsed`),
          serverCertificate: field(session, `${ok}.serverCertificate`),
          ctxParams1: {
            ctxParamsForCommonAuthentication: { matchingId: MATCHING_ID, deviceInfo: { tac: octets('35290611'), deviceCapabilities: {} } },
          },
        }),
      );
      const transactionId = field(session, `${ok}.transactionId`);
      const offer = await call(smdp, AuthenticateClientRequest, {
        transactionId,
        authenticateServerResponse: raw(authenticateServerResponse),
      });
      const prepareDownloadResponse = command(
        euicc,
        encodeUntyped(PrepareDownloadRequest, {
          smdpSigned2: field(offer, 'authenticateClientOk.smdpSigned2'),
          smdpSignature2: field(offer, 'authenticateClientOk.smdpSignature2'),
          smdpCertificate: field(offer, 'authenticateClientOk.smdpCertificate'),
        }),
      );
      const bound = await call(smdp, GetBoundProfilePackageRequest, {
        transactionId,
        prepareDownloadResponse: raw(prepareDownloadResponse),
      });
      const bpp = (bound && fieldOctets(bound, 'getBoundProfilePackageOk.boundProfilePackage')) ?? new Uint8Array();
      const segments = splitSegments(bpp) ?? [];
      const answers = segments.map(segment => command(euicc, segment)).filter(answer => answer.length > 0);
      expect(answers).to.have.length(1);
      await call(smdp, HandleNotification, { pendingNotification: raw(answers[0] ?? new Uint8Array()) });
      expect(smdp.notifications[0]).to.include({ genuine: true, result: 'successResult', address: ADDRESS });
      expect(smdp.notifications[0]?.octets).to.deep.equal(new Uint8Array(answers[0] ?? []));
      expect(orderState(smdp)).to.equal('installed');
      const { profiles } = euicc.chip.memory;
      expect(profiles.some(profile => equal(profile.iccid, octets(ICCID1)))).to.equal(true);
    });
  }
});
