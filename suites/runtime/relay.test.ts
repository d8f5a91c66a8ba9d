import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { find } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { isPassedOn, relayChecks, type Sent } from './relay.js';

const EID = fromHex('89049032123451234512345678901235') ?? new Uint8Array();
const SIGNATURE = Uint8Array.from({ length: 64 }, (_, n) => n);

/** A result as a card would send it; nothing here looks into its signature. */
const result = (seqNumber: number): Uint8Array =>
  encode(EuiccPackageResult, {
    euiccPackageResultSigned: {
      euiccPackageResultDataSigned: { eimId: 'testeim1', counterValue: 1, seqNumber, euiccResult: [{ enableResult: 0 }] },
      euiccSignEPR: SIGNATURE,
    },
  });
const delivered = (octets: Uint8Array) =>
  decode(
    ProvideEimPackageResult,
    encode(ProvideEimPackageResult, { eidValue: EID, eimPackageResult: { euiccPackageResult: raw(octets) } }),
  );
const sent = (octets: Uint8Array, isEdited = false): Sent => ({ octets, isEdited });
const oks = (octets: Uint8Array, from: readonly Sent[]) => relayChecks(delivered(octets), from, 1, () => 'shall').map(({ ok }) => ok);

describe('what an IPA passes on', () => {
  it('arrives octet for octet', () => {
    expect(oks(result(1), [sent(result(1))])).to.deep.equal([true]);
  });

  it('is noticed when other octets come under the same signature', () => {
    const [check] = relayChecks(delivered(result(2)), [sent(result(1))], 7, () => 'shall');
    expect(check).to.include({ ok: false, level: 'shall', exchange: 7, actual: 'other octets under the same signature' });
    expect(check?.covers).to.deep.equal(['SGP32-3.1-01']);
  });

  it('is not judged when none of our parties made that signature', () => {
    expect(oks(result(2), [sent(new Uint8Array(80))])).to.deep.equal([]);
    expect(oks(result(2), [])).to.deep.equal([]);
  });

  it('may stand in a structure of the IPA: then the signed parts and certificates count', () => {
    const certificate = tlv(0x30, new Uint8Array(20).fill(7));
    const signed = tlv(
      0x30,
      concat(
        tlv(0x80, new Uint8Array(16)),
        tlv(0x81, new Uint8Array(16).fill(1)),
        tlv(0x83, new TextEncoder().encode('dp.example.com')),
        tlv(0x84, new Uint8Array(16).fill(2)),
      ),
    );
    const offered = concat(signed, tlv(0x5f37, SIGNATURE), certificate);
    const command = (shown: Uint8Array) =>
      decode(
        AuthenticateServerRequest,
        tlv(
          0xbf38,
          concat(signed, tlv(0x5f37, SIGNATURE), tlv(0x04, new Uint8Array(20)), shown, tlv(0xa0, concat(tlv(0xa1, new Uint8Array())))),
        ),
      );
    const names = (shown: Uint8Array) =>
      relayChecks(command(shown), [sent(offered)], 1, () => 'shall').map(({ what, ok }) => `${what.split(' ')[0]} ${ok}`);
    expect(names(certificate)).to.deep.equal(['serverSigned1 true', 'serverCertificate true']);
    expect(names(tlv(0x30, new Uint8Array(20).fill(8)))).to.deep.equal(['serverSigned1 true', 'serverCertificate false']);
  });

  it('is not held against the IPA where a script had spoilt it', () => {
    const message = delivered(result(1));
    const found = find(message.root, '..seqNumber');
    const at = 'element' in found ? found.element.start : -1;
    expect(isPassedOn(message, at, [sent(result(1), true)])).to.equal(true);
    expect(isPassedOn(message, at, [sent(result(1), false)])).to.equal(false);
    expect(isPassedOn(message, at, [sent(result(2), true)])).to.equal(false);
    // What the IPA itself puts around it is its own.
    const eid = find(message.root, 'eidValue');
    expect(isPassedOn(message, 'element' in eid ? eid.element.start : -1, [sent(result(1), true)])).to.equal(false);
  });
});
