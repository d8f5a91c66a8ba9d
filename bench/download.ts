/**
 * An indirect download of a profile of 12 kB by the reference IPA, its card behind vpcd: how much of the time is the harness's own.
 * Own means processor time of this process, in which the simulated eIM, SM-DP+ and eUICC, the checks and the record are.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestPcscd } from '../adapters/testing-pcscd.js';
import { execute } from '../suites/execute.js';
import { planFor, prepareCatalogue, prepareIxit } from '../suites/prepare.js';
import { builtInCases, packageRoot } from '../suites/root.js';
import { openLab } from '../suites/runtime/lab.js';
import { median } from './median.js';
import type { Suite } from './suite.js';

const CASE = `id: ipa.bench.01
title: A profile of 12 kB is downloaded through the eIM
source: SGP.32 v1.2, 3.2.3.2
iut: ipa
over: { https: O_I_ESIPA_HTTPS }
covers: [SGP32-3.1-01]
actors:
  smdp: { profiles: [{ iccid: $ICCID_OP_PROF1, matchingId: $MATCHING_ID_1, uppSize: 12000 }] }
  eim: { relay: smdp, orders: [{ download: { activationCode: $smdp.activationCode } }] }
  euicc: { eid: $EID1, eims: [eim] }
before:
  - operator: pollEim
steps:
  - eim.expect: GetEimPackageRequest
    within: $IUT_POLL_INTERVAL
  - euicc.expect: BoundProfilePackage
    within: 20s
  - check: $euicc.profiles
    within: 5s
    match: [{ iccid: $ICCID_OP_PROF1 }]
  - eim.expect: [HandleNotificationEsipa, ProvideEimPackageResult]
    within: 5s
after:
  - operator: stopIpa
`;
const ROUNDS = 12;

export const download: Suite = {
  name: 'download',
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sgp32-bench-'));
    const pcscd = await startTestPcscd();
    if (typeof pcscd === 'string') return [`not measured: ${pcscd}`];
    try {
      const file = join(folder, 'download.yaml');
      writeFileSync(file, CASE);
      const description = join(folder, 'bench.ixit.yaml');
      const example = readFileSync(join(builtInCases, 'ixit', 'ipa-with-pcsc.ixit.yaml'), 'utf8');
      writeFileSync(
        description,
        example
          .replace('35963', String(pcscd.ports[0]))
          .replace('Virtual PCD 00 00', pcscd.readers[0])
          .replace('cwd: ../..', `cwd: ${packageRoot}`),
      );
      const catalogue = prepareCatalogue(builtInCases, [file]);
      const ixit = prepareIxit(description, catalogue);
      const [planned] = planFor(ixit, catalogue, 'bench');
      if (!planned) throw new Error('nothing is planned');
      const lab = await openLab(ixit, { catalogue });
      const own: number[] = [];
      const whole: number[] = [];
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const before = process.cpuUsage();
          const record = await execute(planned, lab);
          const { user, system } = process.cpuUsage(before);
          if (record.verdict !== 'pass')
            throw new Error(`round ${round}, after ${record.seconds.toFixed(1)} s: ${record.reason}\n${record.iutOutput ?? ''}`);
          own.push((user + system) / 1000);
          whole.push(record.seconds * 1000);
        }
      } finally {
        await lab.close();
      }
      return [
        `indirect download of 12 kB, card behind vpcd: ${median(whole).toFixed(0)} ms a sequence, median of ${ROUNDS}`,
        `the harness's own share: ${median(own).toFixed(0)} ms of processor time (aim: under 100 ms); the first, not yet compiled: ${own[0]?.toFixed(0)} ms`,
      ];
    } finally {
      await pcscd.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
