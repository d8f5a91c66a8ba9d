import { hex } from '#protocol/asn1/tlv.js';
import { verifyChain } from '#protocol/x509/verify.js';
import { contentAt } from './edits.js';
import { euiccFunctionDefects, euiccInformationDefects } from './euicc-information.js';
import { disabled, enabled, type Make, octets, pair, prove, say, states, type Watch } from './euicc-test-bench.js';

const template =
  (config: Parameters<Make>[0]): Watch =>
  make =>
    hex(make(config).isdrTemplates).slice(14);
const answers =
  (command: string, config: Parameters<Make>[0] = {}): Watch =>
  make =>
    say(make(config), command);
/** Content of one member of an answer. */
const member =
  (command: string, path: string): Watch =>
  make =>
    hex(contentAt(make().execute(octets(command)).octets, path) ?? octets(''));
const challenges: Watch = make => {
  const euicc = make();
  const [first, second] = [say(euicc, 'BF2E00'), say(euicc, 'BF2E00')];
  return `${first.length / 2 - 5} ${first === second ? 'same' : 'different'}`;
};
/** Which of the two chains GetCerts returns for a CI, and whether it is one. */
const chain =
  (ci: 0 | 1 | 'unknown'): Watch =>
  make => {
    const euicc = make({ curve: 'both' });
    const id = ci === 'unknown' ? octets('0102') : (euicc.chip.credentials[ci]?.ciPKId ?? octets(''));
    const answer = euicc.execute(octets(`BF56${hex(Uint8Array.of(id.length + 2))}80${hex(Uint8Array.of(id.length))}${hex(id)}`)).octets;
    const [eum, own] = ['A0 A5', 'A0 A6'].map(path => contentAt(answer, path) ?? octets(''));
    const wrapped = (content: Uint8Array) => octets(`3082${hex(Uint8Array.of(content.length >> 8, content.length & 0xff))}${hex(content)}`);
    const anchors = euicc.chip.credentials.map(c => c.ciCertificate);
    if (!eum || !own || own.length === 0) return hex(answer);
    const result = verifyChain({ leaf: wrapped(own), intermediates: [wrapped(eum)], anchors, role: 'euicc' });
    return result.ok ? (result.chain[0]?.keyName ?? '') : result.code;
  };

prove('defects of an eUICC in information', euiccInformationDefects, [
  ['claimsEnabledProfile', template({}), 'E103800100', 'E10480020640'],
  ['hidesEnabledProfile', template(pair), 'E10480020640', 'E103800100'],
  ['claimsIpae', template({}), 'E103800100', 'E10480020780'],
  ['activatesAbsentIpae', answers('BF420480020780'), 'BF4203800101', 'BF4203800100'],
  ['hidesItsIpae', make => say(make({ supports: { ipae: true } }), 'BF420480020780'), 'BF4203800100', 'BF4203800101'],
  ['tellsOtherEid', answers('BF3E035C015A'), 'BF3E125A1089049032123451234512345678901235', 'BF3E125A1089049032123451234512345678901236'],
  ['omitsIpaMode', member('BF2200', '90'), '00', ''],
  ['omitsIotInfo', member('BF2200', 'B4'), 'A005040301020081008200', ''],
  ['omitsIotVersion', member('BF2200', 'B4'), 'A005040301020081008200', '81008200'],
  ['tellsOldIotVersion', member('BF2200', 'B4'), 'A005040301020081008200', 'A005040301000081008200'],
  ['contradictsItsInfo', member('BF2000', '82'), '020500', '030000'],
  ['losesSigningKeyId', make => `${(contentAt(make().execute(octets('BF2000')).octets, 'AA') ?? []).length}`, '22', '0'],
  ['repeatsChallenge', challenges, '16 different', '16 same'],
  ['shortensChallenge', challenges, '16 different', '8 different'],
  ['givesFirstChain', chain(1), 'brainpoolP256r1', 'P-256'],
  ['givesChainOfAnyCi', chain('unknown'), 'BF5603810101', 'P-256'],
  ['givesEuiccCertificateTwice', chain(0), 'P-256', 'unknownIssuer'],
  ['wrapsCertificates', chain(0), 'P-256', 'format'],
]);

/** The states of the profiles after a command of ES10c. */
const after =
  (command: string): Watch =>
  make => {
    const euicc = make({ profiles: [enabled, disabled] });
    return `${say(euicc, command)} ${states(euicc)}`;
  };
prove('defects of an eUICC in its functions', euiccFunctionDefects, [
  ['answersUnknownCommands', answers('BF7E00'), '6A88', ''],
  ['enablesByEs10c', after('BF3111A00C5A0A989209012143658719F48101FF'), '6A88 0+ 1-', 'BF3103800100 0- 1+'],
  ['disablesByEs10c', after('BF3211A00C5A0A989209012143658709F58101FF'), '6A88 0+ 1-', 'BF3203800100 0- 1-'],
  ['deletesByEs10c', after('BF330C5A0A989209012143658719F4'), '6A88 0+ 1-', 'BF3303800100 0+'],
  ['lacksGetCerts', make => say(make(), 'BF5600').slice(0, 4), 'BF56', '6A88'],
]);
