/** Seeded defects of an eUICC in its associations with eIMs: AddInitialEim, addEim, deleteEim, updateEim, listEim. SGP.32 2.11.1.1.2, 5.9.4, 5.9.18 */
import { concat } from '#protocol/asn1/tlv.js';
import { contained, contentAt, edit, removed } from './edits.js';
import { answering, deciding, type EuiccDeviations, overlooking, sending, signing, without } from './euicc-deviation.js';
import { each, octets, rearranged, unwrapped } from './euicc-edits.js';

const RESULT = 'euiccPackageResultDataSigned';
const CONFIGURATION = 'GetEimConfigurationDataResponse';
const BOTH = ['addEim', 'addInitialEim'] as const;
const FIRST_TOKEN = 1;
const UNASKED_TOKEN = 0x55;

/** Defects in taking up eIMs. */
export const euiccNewEimDefects: EuiccDeviations = {
  ignoresTokenRequest: deciding('It gives no association token to an eIM that asks for one.', { allocatesToken: () => undefined }),
  inventsToken: deciding('It gives an association token to an eIM that asks for none.', {
    allocatesToken: (isAsked, next) => (isAsked ? next : UNASKED_TOKEN),
  }),
  reusesTokens: deciding('Its association tokens are all the same.', {
    allocatesToken: isAsked => (isAsked ? FIRST_TOKEN : undefined),
  }),
  answersInitialEimsInReverse: sending('It answers several initial eIMs from the last to the first.', 'AddInitialEimResponse', message =>
    edit(
      message,
      'A0',
      rearranged(results => [...results].reverse()),
    ),
  ),
  addsFurtherInitialEim: overlooking('It takes an initial eIM although one is associated.', 'addInitialEim', 'associated', 'exists'),
  acceptsChosenToken: overlooking('It takes an eIM that chooses its association token.', BOTH, 'associationToken'),
  acceptsInitialCounterBeyondMaximum: overlooking('It takes an eIM whose counter is beyond the maximum.', BOTH, 'counter'),
  acceptsUnknownCiPKId: overlooking('It takes an eIM for a CI that it does not have.', BOTH, 'ciPKId'),
  confirmsIncompleteEim: overlooking('It says that it took an eIM without key or counter.', BOTH, 'form'),
  storesBeforeRefusing: without('It keeps the eIMs in front of the one that it refuses.', 'addAllOrNothing'),
  assignsOtherType: deciding('It takes the identifier of an eIM for an FQDN where no type is given.', {
    assignsDefaults: () => ({ eimIdType: 2, eimSupportedProtocol: ['eimProprietary'] }),
  }),
  assignsOtherProtocol: deciding('It takes an eIM that names no protocol for one that is polled over HTTPS.', {
    assignsDefaults: () => ({ eimIdType: 3, eimSupportedProtocol: ['eimRetrieveHttps'] }),
  }),
  ignoresEimCriterion: without('It returns the data of all eIMs whichever is asked for.', 'filterEims'),
  hidesToken: sending('It does not show association tokens.', CONFIGURATION, message =>
    edit(
      message,
      'A0',
      each(e => edit(e, '84', removed)),
    ),
  ),
  addsEimTwice: overlooking('It adds an eIM that it has a second time.', 'addEim', 'exists'),
  confirmsAddOnly: without('It says that it added an eIM, and does not.', 'addEim'),
  answersCommandErrorToEveryEim: answering(
    'It refuses a new eIM with commandError whatever is wrong.',
    'addEim',
    7,
    'ciPKId',
    'associationToken',
    'counter',
  ),
};

/** Defects in managing eIMs. */
export const euiccEimDefects: EuiccDeviations = {
  keepsDeletedEim: without('It says that it deleted an eIM, and does not.', 'deleteEim'),
  answersOkToLastEim: signing('It does not say that the eIM deleted was the last one.', RESULT, '30 89', () => octets('890100')),
  confirmsAbsentEimDeleted: answering('It says that it deleted an eIM that it never had.', 'deleteEim', 0, 'found'),
  keepsOldKey: without('It goes on with the old key after an update.', 'updateKey'),
  keepsOldCounter: without('It goes on with the old counter after an update.', 'updateCounter'),
  acceptsLowerCounter: overlooking('It takes a lower counter without a new key.', 'updateEim', 'counter'),
  confirmsAbsentEimUpdated: answering('It says that it updated an eIM that it does not have.', 'updateEim', 0, 'found'),
  takesTokenFromUpdate: deciding('It takes over the association token that an update must not bring.', {
    tokenAfterUpdate: (stored, given) => given ?? stored,
  }),
  forgetsUnnamedData: without('An update takes away what it does not name.', 'keepUnnamedData'),
  listsProprietaryType: signing(
    'It lists the type of proprietary identifiers too.',
    RESULT,
    '30 AB A0',
    each(info => (contentAt(info, '82') ? info : contained(content => concat(content, octets('820103')))(info))),
  ),
  omitsEimTypes: signing(
    'It lists no types of eIM identifiers.',
    RESULT,
    '30 AB A0',
    each(info => edit(info, '82', removed)),
  ),
  listsEimsWithoutTag: signing('It lists eIMs without the tag of the list.', RESULT, '30 AB A0', unwrapped),
  listsFirstEimOnly: signing(
    'It lists its first eIM only.',
    RESULT,
    '30 AB A0',
    rearranged(list => list.slice(0, 1)),
  ),
};
