import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '#protocol/asn1/compile.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, tagOctets, tlv } from '#protocol/asn1/tlv.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { COMMANDS } from './commands.js';
import { ICCID1, ICCID2, octets, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';
import { boundPackage, CTX_PARAMS_1, offer, proof } from './test-server.js';

const eim = testEim();
const profiles = [
  { iccid: ICCID1, state: 'enabled' as const },
  { iccid: ICCID2, fallbackAllowed: true, fallbackAttribute: true },
];
const euicc = testEuicc({ profiles, curve: 'both' });
const challenge = () => euicc.execute(octets('BF2E00')).octets.subarray(5);
const ciPKId = euicc.chip.credentials[0].ciPKId;

const authentication = encode(AuthenticateServerRequest, { ...proof(challenge()), euiccCiPKIdToBeUsed: ciPKId, ctxParams1: CTX_PARAMS_1 });
euicc.execute(authentication);
const preparation = encode(PrepareDownloadRequest, offer(euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array()));
euicc.execute(preparation);
const bpp = boundPackage(euicc.chip.memory.session?.otKey?.point ?? new Uint8Array());
const psmo = [
  { enable: { iccid: octets(ICCID2), rollbackFlag: null } },
  { listProfileInfo: { tagList: octets('5A9F70') } },
  { delete: { iccid: octets(ICCID1) } },
];
const eco = [{ addEim: { eimId: 'x', counterValue: 1, eimPublicKeyData: { eimPublicKey: eim.publicKey } } }, { listEim: {} }];
const valid = [authentication, preparation, bpp, signedPackage(eim, { counter: 1, psmo }), signedPackage(eim, { counter: 2, eco })];

const anyCommand = fc
  .tuple(fc.constantFrom(...COMMANDS.map(c => compile(c.request, '1.2').tag), 0xbf51, 0xbf36), fc.uint8Array({ maxLength: 80 }))
  .map(([tag, content]) => tlv(tag, content));
const mutant = fc
  .record({
    at: fc.nat(valid.length - 1),
    flips: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    cut: fc.option(fc.nat(4000)),
  })
  .map(({ at, flips, cut }) => {
    const command = Uint8Array.from(valid[at] ?? []);
    for (const [place, octet] of flips) command[place % command.length] = octet;
    return cut === null ? command : command.slice(0, cut % command.length);
  });

describe('hostile commands', () => {
  for (const [what, commands] of [
    ['random octets', fc.uint8Array({ maxLength: 60 })],
    ['known tags with random content', anyCommand],
    [
      'known tags without a complete length',
      fc.constantFrom(...COMMANDS.map(c => concat(tagOctets(compile(c.request, '1.2').tag), octets('84FFFFFFFF')))),
    ],
    ['valid commands with octets changed or cut off', mutant],
  ] as const)
    it(`${what} never throw and always get a status word`, () => {
      fc.assert(
        fc.property(commands, command => ['9000', '6A80', '6A88', '6985'].includes(euicc.execute(command).sw)),
        { numRuns: 400, seed: 20260101 },
      );
    });

  it('packages signed over any list of operations never throw, and every result decodes', () => {
    const operation = fc.tuple(
      fc.constantFrom(0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xbf2d, 0xbf65, 0xbf70),
      fc.uint8Array({ maxLength: 20 }),
    );
    let counter = 0;
    const card = testEuicc({ profiles }, testWorld());
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 4 }), list => {
        const command = signedPackage(eim, { counter: ++counter, psmoOctets: list.map(([tag, content]) => tlv(tag, content)) });
        const { sw, octets: result } = card.execute(command);
        expect(sw).equals('9000');
        expect(card.chip.memory.results.at(-1)?.octets).deep.equals(result);
      }),
      { numRuns: 200, seed: 20260101 },
    );
  });
});
