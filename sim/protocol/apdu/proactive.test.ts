import { expect } from 'chai';
import { fromHex, hex } from '../asn1/tlv.js';
import { isPerformed, readProactiveCommand, readTerminalResponse, refreshCommand, terminalResponse, UICC_RESET } from './proactive.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
// As traced between real cards and devices after an enable.
const REFRESH = 'D009 8103010104 82028182'.replaceAll(' ', '');
const RESPONSE = '8103010104 82028281 830100'.replaceAll(' ', '');
const details = { number: 1, type: 1, qualifier: 4 };

describe('proactive command', () => {
  it('REFRESH has the octets that real cards send', () => {
    expect(hex(refreshCommand(UICC_RESET))).equals(REFRESH);
    expect(readProactiveCommand(octets(REFRESH))).deep.equals(details);
  });
  it('is read with a long length, and tags with or without the bit for comprehension', () => {
    expect(readProactiveCommand(octets('D08109 0103010104 02028182'))).deep.equals(details);
    expect(readProactiveCommand(octets('D00A 81810301010482028182'))).deep.equals(details);
  });
  it('is none when an octet is missing or too much', () => {
    for (const text of [
      '',
      'D0',
      'D1098103010104',
      'D00A810301010482028182',
      'D008810301010482028182',
      'D082000981030101048202 8182',
      'D004 7F010203',
      'D003810101',
      'D00481020101',
      'D0028103',
    ])
      expect(readProactiveCommand(octets(text)), text).equals(undefined);
  });
});

describe('TERMINAL RESPONSE', () => {
  it('has the octets that devices send', () => {
    expect(hex(terminalResponse(details, 0))).equals(RESPONSE);
    expect(readTerminalResponse(octets(RESPONSE))).deep.equals({ command: details, generalResult: 0 });
    expect(readTerminalResponse(octets('0103010104 02028281 03022001'))).deep.equals({ command: details, generalResult: 0x20 });
  });
  it('is none without details or result', () => {
    for (const text of ['', '8103010104', '830100', '81020101830100', '81030101048300', '8103010104FF'])
      expect(readTerminalResponse(octets(text)), text).equals(undefined);
  });
  it('counts as performed up to 0F', () => {
    expect([0x00, 0x0f, 0x10, 0x20, 0x30].map(isPerformed)).deep.equals([true, true, false, false, false]);
  });
});
