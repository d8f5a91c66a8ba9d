import { expect } from 'chai';
import { knownDeviations } from '../sim/defects/index.js';
import { transportDefects } from '../sim/defects/transport.js';
import { expectationsOf } from './expectations.js';
import { prepareCatalogue } from './prepare.js';
import { builtInCases } from './root.js';

/** What can go wrong in a wire, with a defect of an eIM and of an IPA each, where either can have it. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'blocks lost': ['losesSecondBlock', 'losesFirstBlockOfRequests'],
  'blocks taken that do not belong together': ['takesIncompleteRequests', 'takesIncompleteAnswers', 'ignoresBlockNumbers'],
  'blocks refused or not put together': ['refusesBlocks', 'takesFirstBlockOnly'],
  'wrong Content-Format': ['statesJsonAsFormat', 'statesJsonInRequests', 'demandsContentFormat'],
  'ETag confusion': ['ignoresEtags'],
  'token and Message ID confusion': ['ignoresTokens', 'ignoresMessageIds', 'executesRepeatedMessages'],
  'lost messages not repeated': ['repeatsNothing'],
  'options not judged': ['ignoresCriticalOptions', 'refusesUnknownOptions'],
  'certificate not checked in DTLS': ['trustsAnyDtlsServer'],
  'certificate not checked in TLS': ['trustsOtherKeys', 'ignoresNames', 'ignoresCertificateSignatures'],
  'old versions and weak suites': ['acceptsOldDtls', 'acceptsWeakDtlsSuites', 'speaksOldDtls', 'speaksOldTls'],
  'member of JSON missing': ['omitsHeaderObject', 'omitsServerSignature', 'omitsEidInJson'],
  'member of JSON in another encoding': ['writesErrorAsText', 'writesPackageWithoutTag', 'writesEidInBase64'],
  'wrong status or code': ['answersCreated', 'answersErrorCode', 'takesRefusals', 'takesFailedAnswers'],
  'wrong method or path': ['putsPackages', 'postsToOtherPath', 'putsOverCoap', 'postsToOtherUriPath', 'postsJsonToOtherPath'],
};

describe('the seeded defects of the wires', () => {
  const catalogue = prepareCatalogue();
  const names = (iut: 'eim' | 'ipa') => Object.values(transportDefects[iut]).flat();

  it('are more than 25 over CoAP, DTLS and JSON alone, and more than 25 of an IPA', () => {
    const { eim, ipa } = transportDefects;
    const constrained = [eim.coap, eim.json, ipa.coap, ipa.dtls, ipa.json].flatMap(group => group ?? []);
    expect(new Set(constrained).size).to.be.above(25);
    expect(new Set(names('ipa')).size).to.be.above(25);
    expect(new Set([...names('eim'), ...names('ipa')]).size).to.be.above(75);
  });

  it('are each caught by a case', () => {
    for (const iut of ['eim', 'ipa'] as const) {
      const expectations = expectationsOf(builtInCases, iut, catalogue, knownDeviations.get(iut)?.defects ?? []);
      const caught = new Set([...expectations.values()].flatMap(defects => [...defects.keys()]));
      expect(names(iut).filter(name => !caught.has(name))).to.deep.equal([]);
    }
  });

  it('are of every kind', () => {
    const all = new Set([...names('eim'), ...names('ipa')]);
    for (const [kind, defects] of Object.entries(KINDS))
      expect(
        defects.filter(name => !all.has(name)),
        kind,
      ).to.deep.equal([]);
  });
});
