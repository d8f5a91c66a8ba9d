import { concat, hex } from '#protocol/asn1/tlv.js';
import { rawToDer } from '#protocol/crypto/ecdsa.js';
import { testEim } from '../roles/euicc/test-bench.js';
import { contained, contentAt, edit, spoilt } from './edits.js';
import { euiccCounterDefects, euiccEchoDefects, euiccSenderDefects } from './euicc-package.js';
import { ecall, newEim, octets, otherEim, outcome, outcomes, packed, prove, run, type Watch } from './euicc-test-bench.js';

const eim = testEim();
const withToken = { eims: [{ ...eim, associationToken: 5 }] };
const both = { eims: [{ ...eim }, { ...otherEim, counter: 20 }] };
const OTHER_EID = '89049032123451234512345678901243';
const RAT = 'A600';

/** A right package with its signature written otherwise. */
const resigned =
  (change: (signature: Uint8Array) => Uint8Array): Watch =>
  make =>
    outcome(make().execute(edit(packed(), '5F37', contained(change))).octets);
const spoiltPackage = edit(packed(), '5F37', contained(spoilt));
const at =
  (path: string, ...packages: Parameters<typeof packed>[0][]): Watch =>
  make => {
    const euicc = make();
    return hex(packages.map(given => contentAt(euicc.execute(packed(given)).octets, path) ?? octets('')).at(-1) ?? octets(''));
  };

prove('defects of an eUICC in who may send a package', euiccSenderDefects, [
  ['ignoresEimId', make => run(make(), { by: { ...eim, eimId: 'stranger' } }), 'refused', RAT],
  ['ignoresEimSignature', make => outcome(make().execute(spoiltPackage).octets), 'refused', RAT],
  [
    'executesForgedPackages',
    make => {
      const euicc = make();
      return `${outcome(euicc.execute(edit(packed({ eco: [{ addEim: newEim }] }), '5F37', contained(spoilt))).octets)} ${euicc.chip.memory.eims.length}`;
    },
    'refused 1',
    'refused 2',
  ],
  ['ignoresTokenInVerification', make => run(make(withToken), { token: 5 }), RAT, 'refused'],
  ['verifiesOnP256Only', make => run(make(both), { by: otherEim, counter: 21 }), RAT, 'refused'],
  ['acceptsDerSignature', resigned(signature => rawToDer(signature) ?? signature), 'refused', RAT],
  ['acceptsLongSignature', resigned(signature => concat(signature, octets('00'))), 'refused', RAT],
  ['acceptsShortSignature', resigned(signature => signature.subarray(1)), 'refused', RAT],
  ['signsErrorsForStrangers', make => outcome(make().execute(spoiltPackage).octets), 'refused', 'error 127'],
  ['tellsInventedToken', make => hex(contentAt(make().execute(spoiltPackage).octets, 'A2 84') ?? octets('')), '', '09'],
  ['hidesTokenInError', make => hex(contentAt(make(withToken).execute(spoiltPackage).octets, 'A2 84') ?? octets('')), '05', ''],
]);

/** Outcomes of packages with these counters. */
const counted =
  (...counters: readonly number[]): Watch =>
  make =>
    outcomes(make(), ...counters.map(counter => ({ counter }))).join(' ');

prove('defects of an eUICC in EID, counter and size', euiccCounterDefects, [
  ['ignoresEid', make => run(make(), { eid: OTHER_EID }), 'error 3', RAT],
  ['answersReplayToWrongEid', make => run(make(), { eid: OTHER_EID }), 'error 3', 'error 4'],
  ['ignoresCounter', counted(5, 4), `${RAT} error 4`, `${RAT} ${RAT}`],
  ['acceptsSameCounter', counted(5, 5, 4), `${RAT} error 4 error 4`, `${RAT} ${RAT} error 4`],
  ['demandsNextCounter', counted(1, 1001), `${RAT} ${RAT}`, `${RAT} error 4`],
  ['countsInTwoOctets', counted(0xffff, 0x7fffff), `${RAT} ${RAT}`, `${RAT} error 4`],
  ['acceptsCounterBeyondMaximum', counted(0x800000), 'error 6', RAT],
  ['answersReplayToHighCounter', counted(0x800000), 'error 6', 'error 4'],
  ['forgetsCounter', counted(5, 5), `${RAT} error 4`, `${RAT} ${RAT}`],
  ['countsRefusedPackages', make => run(make(), { counter: 5, eid: OTHER_EID }, { counter: 5 }), RAT, 'error 4'],
  [
    'countsForgedPackages',
    make => {
      const euicc = make();
      euicc.execute(spoiltPackage);
      return run(euicc, { counter: 1 });
    },
    RAT,
    'error 4',
  ],
  ['sharesCounter', make => run(make(both), { counter: 5 }), RAT, 'error 4'],
  ['checksEidBeforeSignature', make => run(make(), { by: { ...eim, key: otherEim.key }, eid: OTHER_EID }), 'refused', 'error 3'],
  ['checksCounterBeforeEid', make => run(make(), { counter: 0, eid: OTHER_EID }), 'error 3', 'error 4'],
  ['ignoresSize', make => run(make({ limits: { packageOctets: 50 } }), {}), 'error 15', RAT],
  ['answersUndefinedErrorToSize', make => run(make({ limits: { packageOctets: 50 } }), {}), 'error 15', 'error 127'],
  ['servesPackagesInEmergency', make => run(make({ profiles: [{ ...ecall, state: 'enabled' }] }), {}), 'error 104', RAT],
]);

const wrongEid = { eid: OTHER_EID, trid: 'AABB' };
prove('defects of an eUICC in what it repeats', euiccEchoDefects, [
  ['omitsTransactionInResult', at('A0 30 82', { trid: 'AABB' }), 'AABB', ''],
  ['omitsTransactionInError', at('A1 30 82', wrongEid), 'AABB', ''],
  ['omitsTransactionInUnsignedError', at('A2 82', { trid: 'AABB', by: { ...eim, eimId: 'stranger' } }), 'AABB', ''],
  ['inventsTransaction', at('A0 30 82', {}), '', '00'],
  ['echoesStoredCounter', at('A0 30 81', { counter: 7 }), '07', '06'],
  ['echoesOtherEimId', at('A0 30 80', {}), '7465737465696D31', '5445535445494D11'],
  ['echoesNoCounterInError', at('A1 30 81', { ...wrongEid, counter: 7 }), '07', '00'],
]);
