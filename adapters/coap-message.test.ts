import { expect } from 'chai';
import { generate, parse } from 'coap-packet';
import fc from 'fast-check';
import { type CoapMessage, decodeMessage, emptyMessage, encodeMessage, MALFORMATIONS, type Malformation } from './coap-message.js';

const octets = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/ /g, ''), 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => new Uint8Array(Buffer.from(value));

/** Octets of RFC 7252 appendix A: figures 16, 17 and 20. */
const REQUEST = octets('40 01 7d 34 bb 74656d7065726174757265');
const RESPONSE = octets('60 45 7d 34 ff 32322e332043');
const WITH_TOKEN = octets('41 01 7d 35 20 bb 74656d7065726174757265');

const message = (more: Partial<CoapMessage> = {}): CoapMessage => ({
  type: 'CON',
  code: '0.02',
  messageId: 0x1234,
  token: octets('AABB'),
  options: [{ number: 11, value: text('gsma') }],
  payload: text('hello'),
  ...more,
});

describe('CoAP messages', () => {
  it('are read and written as RFC 7252 shows them', () => {
    const request = message({
      code: '0.01',
      messageId: 0x7d34,
      token: new Uint8Array(),
      options: [{ number: 11, value: text('temperature') }],
      payload: new Uint8Array(),
    });
    expect(decodeMessage(REQUEST)).to.deep.equal(request);
    expect(hex(encodeMessage(request))).to.equal(hex(REQUEST));
    expect(decodeMessage(RESPONSE)).to.deep.include({ type: 'ACK', code: '2.05', messageId: 0x7d34, payload: text('22.3 C') });
    expect(decodeMessage(WITH_TOKEN)).to.deep.include({ token: octets('20'), messageId: 0x7d35 });
    expect(hex(encodeMessage(emptyMessage('RST', 0x7d34)))).to.equal('70007d34');
  });

  const option = fc.record({
    number: fc.integer({ min: 1, max: 65535 }),
    value: fc.uint8Array({ maxLength: 300 }),
  });
  const anyMessage = fc.record({
    type: fc.constantFrom('CON' as const, 'NON' as const),
    code: fc.constantFrom('0.01', '0.02', '2.05', '2.31', '4.08', '5.00'),
    messageId: fc.integer({ min: 0, max: 65535 }),
    token: fc.uint8Array({ maxLength: 8 }),
    options: fc.array(option, { maxLength: 6 }).map(list => list.sort((a, b) => a.number - b.number)),
    payload: fc.uint8Array({ maxLength: 1024 }),
  });

  it('mean the same to an independent codec', () => {
    fc.assert(
      fc.property(anyMessage, one => {
        const other = parse(Buffer.from(encodeMessage(one)));
        expect(other.code).to.equal(one.code);
        expect(other.messageId).to.equal(one.messageId);
        expect(hex(other.token)).to.equal(hex(one.token));
        expect(hex(other.payload)).to.equal(hex(one.payload));
        expect(other.options.map(({ value }) => hex(value))).to.deep.equal(one.options.map(({ value }) => hex(value)));
        const rewritten = generate({ ...other, payload: Buffer.from(one.payload) }, 10_000);
        expect(hex(encodeMessage(one))).to.equal(hex(rewritten));
      }),
      { numRuns: 200 },
    );
  });

  it('survive being written and read', () => {
    fc.assert(
      fc.property(anyMessage, one => {
        expect(decodeMessage(encodeMessage(one))).to.deep.equal(one);
      }),
    );
  });

  it('are read from any octets without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const read = decodeMessage(bytes);
        if (!('malformed' in read)) expect(decodeMessage(encodeMessage(read))).to.deep.equal(read);
      }),
      { numRuns: 2000 },
    );
  });

  const refused: readonly (readonly [string, string, string, boolean])[] = [
    ['fewer octets than a header has', '400112', 'fewer than a header', false],
    ['another version', '80011234', 'version 2', false],
    ['a token length beyond 8', '49011234000000000000000000', 'token length of 9', true],
    ['a token that is cut off', '44011234AABB', 'token of 4', true],
    ['an empty message with octets behind it', '40001234FF', 'empty message', true],
    ['a reserved class', '40211234', '1.01', true],
    ['a payload marker without a payload', '40011234FF', 'payload marker', true],
    ['an option that is cut off', '40011234B574', 'does not end', true],
    ['an option with the nibble 15 for its delta', '40011234F1AA', 'nibble 15', true],
    ['an option with the nibble 15 for its length', '400112341FAA', 'nibble 15', true],
    ['an extended length that is cut off', '40011234BD', 'does not end', true],
    ['option numbers beyond 65535', '40011234E0FFFFE0FFFF', 'beyond 65535', true],
    ['an acknowledgement with a request in it', '60021234', 'request code 0.02', false],
    ['a reset with a code', '70011234', 'reset with the code', false],
  ];
  for (const [what, bytes, reason, isReset] of refused)
    it(`refuse ${what}, and reject it where that was asked to be confirmed`, () => {
      const read = decodeMessage(octets(bytes));
      expect('malformed' in read && read.malformed).to.contain(reason);
      expect('malformed' in read && read.reset).to.equal(isReset ? 0x1234 : undefined);
    });

  it('do not reject what is malformed but not confirmable', () => {
    expect(decodeMessage(octets('50011234FF'))).to.not.have.property('reset');
  });

  it('are made malformed on purpose, each in its way', () => {
    for (const name of Object.keys(MALFORMATIONS) as Malformation[])
      for (const one of [message(), message({ payload: new Uint8Array() })])
        expect(decodeMessage(MALFORMATIONS[name](encodeMessage(one))), name).to.have.property('malformed');
  });

  it('are not written with a token or code that cannot be', () => {
    expect(() => encodeMessage(message({ token: new Uint8Array(9) }))).to.throw('at most 8');
    expect(() => encodeMessage(message({ code: '2.5' }))).to.throw('such as 2.05');
  });
});
