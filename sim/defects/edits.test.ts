import { expect } from 'chai';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { contained, contentAt, edit, removed, retagged, spoilt } from './edits.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
/** A package with an enable: 30 { 81 counter, A0 { A3 { 5A ICCID, 05 } } }. */
const PACKAGE = octets('300C 8101 01 A007 A305 5A0112 0500');

describe('edits of encoded messages', () => {
  it('change the first element at a path of tags and correct the lengths around it', () => {
    expect(hex(edit(PACKAGE, 'A0 A3 05', removed))).to.equal('300A810101A005A3035A0112');
    const longer = edit(
      PACKAGE,
      'A0 A3 5A',
      contained(content => octets(hex(content).repeat(130))),
    );
    expect(hex(longer)).to.match(/^308190810101A0818AA381875A8182(12){130}0500$/);
  });

  it('give an element another tag, content or value', () => {
    expect(hex(edit(PACKAGE, 'A0 A3', retagged(0xa4)))).to.equal('300C810101A007A4055A01120500');
    expect(hex(edit(PACKAGE, '81', () => octets('820107')))).to.equal('300C820107A007A3055A01120500');
    expect(hex(edit(PACKAGE, '', spoilt))).to.equal('300C810101A007A3055A01120501');
  });

  it('leave octets without such an element, or without any, as they are', () => {
    expect(edit(PACKAGE, 'A0 A5 5A', removed)).to.deep.equal(PACKAGE);
    expect(edit(octets('30'), '81', removed)).to.deep.equal(octets('30'));
  });

  it('read the content at a path', () => {
    expect(contentAt(PACKAGE, 'A0 A3 5A')).to.deep.equal(octets('12'));
    expect(contentAt(PACKAGE, 'A0 A3 05')).to.deep.equal(new Uint8Array());
    expect(contentAt(PACKAGE, 'A1')).to.equal(undefined);
  });
});
