import { expect } from 'chai';
import { concat, fromHex } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { segmentChecks } from './segments.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const PACKAGE = octets('BF3618 BF2303800101 A003870101 A103880101 A306860101860102');
const SPOILT = octets('BF3618 BF2303800101 A003870101 A103880101 A306860101860103');
const UNKNOWN = octets('BF361C BF2303800101 A7028700 A003870101 A103880101 A306860101860102');
const sentAs = (...packages: readonly Uint8Array[]) =>
  packages.map(one => ({ octets: concat(octets('BF3A1F8000'), one, octets('0000')), isEdited: false }));
const due = splitSegments(PACKAGE) ?? [];

const judge = (segments: readonly Uint8Array[], isEnded = false, sent = sentAs(PACKAGE)) =>
  segmentChecks(segments, sent, 7, () => 'shall', isEnded).map(({ ok, expected, actual }) => ({ ok, expected, actual }));
const verdict = (...given: Parameters<typeof judge>) => judge(...given).map(({ ok }) => ok);

describe('segments of a bound profile package', () => {
  const lengths = '7 (9, 5, 2, 3, 2, 3, 3 octets)';

  it('are right where LoadBoundProfilePackage wants them', () => {
    expect(judge(due)).to.deep.equal([{ ok: true, expected: lengths, actual: lengths }]);
  });
  it('are wrong when they are cut elsewhere, put together, or sent as one', () => {
    const cut = Math.floor(PACKAGE.length / 2);
    expect(verdict([PACKAGE.subarray(0, cut), PACKAGE.subarray(cut)])).to.deep.equal([false]);
    expect(verdict([...due.slice(0, 2), concat(...due.slice(2))])).to.deep.equal([false]);
    expect(judge([PACKAGE])).to.deep.equal([{ ok: false, expected: lengths, actual: '1 (27 octets)' }]);
  });
  it('may come to an end when the card wants no more, and only then', () => {
    expect(verdict(due.slice(0, 4), true)).to.deep.equal([true]);
    expect(verdict(due.slice(0, 4), false)).to.deep.equal([false]);
    expect(verdict([...due.slice(0, 3), octets('880102')], true)).to.deep.equal([false]);
  });
  it('belong to what was sent last as well as to what it was made from', () => {
    const both = sentAs(PACKAGE, SPOILT);
    expect(verdict(splitSegments(SPOILT) ?? [], false, both)).to.deep.equal([true]);
    expect(verdict(due, false, both)).to.deep.equal([true]);
  });
  it('of a package that none of our servers sent are wrong', () => {
    expect(judge(splitSegments(PACKAGE) ?? [], false, [])).to.deep.equal([
      { ok: false, expected: 'the package of the SM-DP+', actual: lengths },
    ]);
  });
  it('of a package that cannot be cut by the rules are not judged', () => {
    expect(verdict([UNKNOWN], false, sentAs(UNKNOWN))).to.deep.equal([]);
  });
});
