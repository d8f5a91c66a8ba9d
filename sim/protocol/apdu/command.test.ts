import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, hex } from '../asn1/tlv.js';
import { classOn, readClass, readCommand, readResponse, statusWithLength, writeCommand, writeResponse } from './command.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const header = { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00 };

describe('command APDU', () => {
  it('is read in its four cases', () => {
    const none = new Uint8Array();
    expect(readCommand(octets('00A40400'))).deep.equals({ ...header, data: none, le: undefined });
    expect(readCommand(octets('00A4040010'))).deep.equals({ ...header, data: none, le: 16 });
    expect(readCommand(octets('00A4040000'))).deep.equals({ ...header, data: none, le: 256 });
    expect(readCommand(octets('00A40400021122'))).deep.equals({ ...header, data: octets('1122'), le: undefined });
    expect(readCommand(octets('00A4040002112200'))).deep.equals({ ...header, data: octets('1122'), le: 256 });
  });
  it('is none when its length fits no case of T=0', () => {
    for (const apdu of ['', '00A404', '00A404000211', '00A404000211220000', '00A4040000000211 22', '00A404000000'])
      expect(readCommand(octets(apdu)), apdu).equals(undefined);
  });
  it('comes back from its octets as it was written', () => {
    const data = fc.uint8Array({ maxLength: 255 });
    const le = fc.option(fc.integer({ min: 1, max: 256 }), { nil: undefined });
    fc.assert(
      fc.property(data, le, (content, length) => {
        const command = { ...header, data: content, le: length };
        expect(readCommand(writeCommand(command))).deep.equals(command);
      }),
      { seed: 20260101 },
    );
    expect(() => writeCommand({ ...header, data: new Uint8Array(256), le: undefined })).to.throw(RangeError);
  });
});

describe('class octet', () => {
  it('names channels 0 to 19, in commands of ISO and of others', () => {
    for (let channel = 0; channel < 20; channel++)
      for (const base of [0x00, 0x80] as const)
        expect(readClass(classOn(channel, base))).deep.equals({ channel, isProprietary: base === 0x80 });
    expect([classOn(3, 0x00), classOn(4, 0x00), classOn(3, 0x80), classOn(19, 0x80)]).deep.equals([0x03, 0x40, 0x83, 0xcf]);
  });
  it('is refused with secure messaging, chaining, or no meaning', () => {
    expect([0x04, 0x0c, 0x8c, 0x60, 0xe3].map(readClass)).deep.equals(Array(5).fill('6882'));
    expect([0x10, 0x93, 0x50, 0xdf].map(readClass)).deep.equals(Array(4).fill('6884'));
    expect([0x20, 0x3f, 0xa0, 0xbf, 0xff].map(readClass)).deep.equals(Array(5).fill('6E00'));
  });
});

describe('response APDU', () => {
  it('is data and a status word', () => {
    expect(readResponse(octets('AABB9000'))).deep.equals({ sw: '9000', data: octets('AABB') });
    expect(readResponse(octets('6A'))).equals(undefined);
    expect(hex(writeResponse('6A82'))).equals('6A82');
    expect(hex(writeResponse('910B', octets('01')))).equals('01910B');
    expect([statusWithLength('61', 256), statusWithLength('6C', 11)]).deep.equals(['6100', '6C0B']);
  });
});
