/**
 * Sequences per second of the enable sequence, from the operator's act to the acknowledgement, against the bare floor:
 * the same number of exchanges over the same wires, and the same number of signatures made and verified, with nothing around them.
 */
import { fileURLToPath } from 'node:url';
import { Client } from 'undici';
import { pem, sign, verify } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { startProcess } from '../adapters/process.js';
import { execute } from '../suites/execute.js';
import { builtInIxits, planFor, prepareIxit, prepareSelection } from '../suites/prepare.js';
import { openLab } from '../suites/runtime/lab.js';
import { median } from './median.js';
import type { Suite } from './suite.js';

const CASE = 'eim.enable.01';
/** What one enable sequence does, counted from its record and from the roles' code. */
const OPERATOR_ACTS = 4;
const ROUNDS = 5;
const PER_ROUND = 150;

/** Signatures made and verified by the harness: eimSignature checked, and verified by the card; result signed, and signed again after the script's values. */
const OURS = { signs: 2, verifies: 2 };
/** By the eIM: certificate chain at registration; the package; the result. */
const THEIRS = { register: 'verify=2', getEimPackage: 'sign=1', result: 'verify=1' };

const harness = async (): Promise<{ readonly once: () => Promise<void>; readonly close: () => Promise<void> }> => {
  const catalogue = prepareSelection(undefined, [CASE]);
  const [file] = builtInIxits();
  const ixit = prepareIxit(file ?? '', catalogue);
  const lab = await openLab(ixit, { catalogue });
  const [planned] = planFor(ixit, catalogue, 'bench', [CASE]);
  if (!planned) throw new Error(`no ${CASE}`);
  return {
    once: async () => {
      const record = await execute(planned, lab);
      if (record.verdict !== 'pass') throw new Error(record.reason);
    },
    close: lab.close,
  };
};

const floor = async (): Promise<{ readonly once: () => Promise<void>; readonly close: () => Promise<void> }> => {
  const pki = testPki();
  const key = pki.privateKey('SK_EUICC');
  const ca = pki.certificate('CERT_CI');
  if (!key || !ca) throw new Error('no key');
  const server = await startProcess({
    command: [process.execPath, fileURLToPath(new URL('floor-server.js', import.meta.url))],
    ready: { stdout: 'json' },
    within: { seconds: 20 },
  });
  const esipa = new Client(String(server.facts.https), { connect: { ca: pem('CERTIFICATE', ca), servername: 'eim.example.com' } });
  const control = new Client(String(server.facts.http));
  const data = Buffer.alloc(100, 1);
  const signature = sign(key, data);
  const post = async (client: Client, work: string, octets: number) => {
    const { body } = await client.request({
      method: 'POST',
      path: `/?${work}&octets=${octets}`,
      headers: { 'content-type': 'application/x-gsma-rsp-asn1' },
      body: Buffer.alloc(octets),
    });
    await body.arrayBuffer();
  };
  return {
    once: async () => {
      await post(control, THEIRS.register, 1500);
      for (let act = 1; act < OPERATOR_ACTS; act++) await post(control, '', 100);
      await post(esipa, THEIRS.getEimPackage, 150);
      for (let n = 0; n < OURS.verifies; n++) verify(key, data, signature);
      for (let n = 0; n < OURS.signs; n++) sign(key, data);
      await post(esipa, THEIRS.result, 180);
    },
    close: async () => {
      await Promise.all([esipa.close(), control.close()]);
      await server.stop();
    },
  };
};

const perSecond = async (once: () => Promise<void>): Promise<number> => {
  const began = performance.now();
  for (let n = 0; n < PER_ROUND; n++) await once();
  return (PER_ROUND * 1000) / (performance.now() - began);
};

export const sequences: Suite = {
  name: 'sequences',
  run: async () => {
    const [ours, bare] = [await harness(), await floor()];
    const rates: { readonly ours: number; readonly bare: number }[] = [];
    try {
      await perSecond(ours.once);
      await perSecond(bare.once);
      // In turns, so that a busy machine slows both alike.
      for (let round = 0; round < ROUNDS; round++) rates.push({ ours: await perSecond(ours.once), bare: await perSecond(bare.once) });
    } finally {
      await Promise.all([ours.close(), bare.close()]);
    }
    const ratio = median(rates.map(r => r.ours / r.bare));
    return [
      `enable sequence (${CASE}): ${median(rates.map(r => r.ours)).toFixed(0)} sequences/s`,
      `bare floor (same exchanges, same signatures): ${median(rates.map(r => r.bare)).toFixed(0)} /s`,
      `ratio: ${(100 * ratio).toFixed(0)} % of the floor (aim: 60 %), median of ${ROUNDS} rounds of ${PER_ROUND}`,
    ];
  },
};
