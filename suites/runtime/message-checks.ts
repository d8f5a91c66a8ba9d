/** Checks that every message from the IUT gets without being asked: it decodes, it is DER, its signatures verify, its transport obeys the rules. */
import type { Decoded } from '#protocol/asn1/element.js';
import type { Signer } from '#protocol/signatures.js';
import type { Check, Level, SignatureCheck } from '../../reports/record.js';
import type { TransportCheck } from '../../sim/bindings/binding.js';

/** How binding a requirement is, from the catalogue. */
export type LevelOf = (requirement: string) => Level;

const DECODES = 'SGP32-2.1.3-01';
const IS_DER = 'SGP32-2.1.3-02';
const SIGNED: Readonly<Record<Signer, string>> = {
  eim: 'SGP32-2.11.1.1-10',
  euicc: 'SGP32-2.11.2.1-10',
  serverAuth: 'SGP22-2.6.2-01',
  dpPb: 'SGP22-2.6.2-01',
};
const SIGNER_OF: Readonly<Record<string, Signer>> = {
  eimSignature: 'eim',
  serverSignature1: 'serverAuth',
  smdpSignature2: 'dpPb',
  smdpSign: 'dpPb',
};

export const decodeChecks = (message: Decoded, exchange: number, levelOf: LevelOf): Check[] => {
  const name = message.type.name;
  const check = (what: string, requirement: string, severity: 'error' | 'der'): Check[] => {
    const found = message.diagnostics.filter(d => d.severity === severity);
    const level = levelOf(requirement);
    const covers = [requirement];
    if (found.length === 0) return [{ what, expected: 'yes', actual: 'yes', ok: true, level, covers, exchange }];
    return found.map(d => ({
      what,
      path: d.path,
      expected: d.expected,
      actual: `${d.found} at octet ${d.offset}`,
      ok: false,
      level,
      covers,
      exchange,
      octets: [d.offset, Math.min(d.offset + 1, message.octets.length)] as const,
    }));
  };
  return [...check(`decodes as ${name}`, DECODES, 'error'), ...check(`${name} is DER`, IS_DER, 'der')];
};

export const signatureChecks = (signatures: readonly SignatureCheck[], exchange: number, levelOf: LevelOf): Check[] =>
  signatures
    .filter(s => s.verdict !== 'notChecked')
    .map(s => {
      const requirement = SIGNED[SIGNER_OF[s.field.split('.').at(-1) ?? ''] ?? 'euicc'];
      return {
        what: `${s.field.split('.').at(-1)} verifies over ${s.signedRange}`,
        path: s.field,
        expected: 'a valid signature',
        actual: s.verdict === 'valid' ? `valid, key ${s.keyId}` : s.reason,
        ok: s.verdict === 'valid',
        level: levelOf(requirement),
        covers: [requirement],
        exchange,
      };
    });

export const transportChecks = (checks: readonly TransportCheck[], exchange: number, levelOf: LevelOf): Check[] =>
  checks.map(c => ({
    what: c.what,
    expected: c.expected,
    actual: c.actual,
    ok: c.ok,
    level: levelOf(c.requirement),
    covers: [c.requirement],
    exchange,
  }));
