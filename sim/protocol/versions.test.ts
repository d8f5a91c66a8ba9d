import { expect } from 'chai';
import { compile } from './asn1/compile.js';
import { decode } from './asn1/decode.js';
import { encodeUntyped } from './asn1/encode.js';
import { fromJson, type Json, toJson } from './asn1/json.js';
import { fromHex, hex } from './asn1/tlv.js';
import { SPECS, type Spec } from './asn1/type.js';
import { type Module, typeNamed } from './registry.js';

// Octets are put together here from the published differences between the versions, not by the encoder under test.

/** A TLV of less than 128 octets in hex. */
const t = (tag: string, ...parts: readonly string[]): string => {
  const content = parts.join('');
  return `${tag}${(content.length / 2).toString(16).padStart(2, '0').toUpperCase()}${content}`;
};

const EID = '89049032123451234512345678901235';
const ICCID = t('5A', '98103254769810325476');
const EIM = t('80', '65696D31');
/** An eUICC Package Result: refusal without signature. */
const REFUSAL = t('BF51', t('A2', EIM));
const typeOf = (name: string, module: Module = 'SGP.32') => typeNamed(name, module) ?? expect.fail(`${name} is unknown`);
const read = (name: string, text: string, spec: Spec, module?: Module) =>
  decode(typeOf(name, module), fromHex(text) ?? expect.fail(`not hex: ${text}`), { spec });
const json = (name: string, text: string, spec: Spec): Json => toJson(typeOf(name), read(name, text, spec).value, spec);
const write = (name: string, value: Json, spec: Spec): string =>
  hex(encodeUntyped(typeOf(name), fromJson(typeOf(name), value, spec), { spec }));
/** The versions in which octets are a value of the type without any remark. */
const fits = (name: string, text: string, module?: Module): readonly Spec[] =>
  SPECS.filter(spec => read(name, text, spec, module).diagnostics.length === 0);
/** Named codes of a member in a version. */
const codes = (name: string, member: string, spec: Spec, module?: Module): readonly string[] => {
  const field = compile(typeOf(name, module), spec).fields.find(f => f.name === member);
  return [...(field?.compiled.type.names?.keys() ?? [])];
};

describe('ESipa messages by version', () => {
  it('puts rPLMN under 81 in v1.0 and under 82 since', () => {
    const value = { eidValue: EID, rPLMN: '62F210' };
    expect(write('GetEimPackageRequest', value, '1.0')).to.equal(t('BF4F', t('5A', EID), t('81', '62F210')));
    for (const spec of ['1.1', '1.2', '1.3'] as const) {
      expect(write('GetEimPackageRequest', value, spec)).to.equal(t('BF4F', t('5A', EID), t('82', '62F210')));
    }
  });

  it('knows stateChangeCause since v1.1', () => {
    const text = t('BF4F', t('5A', EID), '8000', '810101');
    expect(fits('GetEimPackageRequest', text)).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('has the EID of a result since v1.1', () => {
    const result = t('BF54', t('30', '80017F'));
    expect(fits('ProvideEimPackageResult', t('BF50', t('5A', EID), result))).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('has a bare error code in a result up to v1.1, and a wrapped one since v1.1', () => {
    expect(fits('ProvideEimPackageResult', 'BF5003020102')).to.deep.equal(['1.0', '1.1']);
    expect(fits('ProvideEimPackageResult', 'BF5005A003020102')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('answers a result with an empty BF50 in v1.0 and with 30 00 since', () => {
    expect(fits('ProvideEimPackageResultResponse', 'BF5000')).to.deep.equal(['1.0']);
    expect(fits('ProvideEimPackageResultResponse', 'BF50023000')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('puts notifications next to a result into BF2B in v1.0 and into A0 since', () => {
    expect(fits('EimPackageResult', t('30', REFUSAL, t('BF2B', 'A000')))).to.deep.equal(['1.0']);
    expect(fits('EimPackageResult', t('30', REFUSAL, 'A000'))).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('puts a result sent as notification under A1 in v1.0 and under BF50 since', () => {
    expect(fits('HandleNotificationEsipa', t('BF3D', t('A1', REFUSAL)))).to.deep.equal(['1.0']);
    expect(fits('HandleNotificationEsipa', t('BF3D', t('BF50', REFUSAL)))).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('has the answers with correlation id in v1.3 only', () => {
    expect(fits('TransferEimPackageResponse', 'BF4E08BF6005A003800111')).to.deep.equal(['1.3']);
    expect(fits('TransferEimPackageResponse', 'BF4E06BF6103810102')).to.deep.equal(['1.3']);
  });

  it('names the key id euiccCiPKIdToBeUsed in v1.0 and demands it under its new name since', () => {
    const members = (spec: Spec) => compile(typeOf('InitiateAuthenticationOkEsipa'), spec).fields.filter(f => /^euiccCi/.test(f.name));
    expect(members('1.0').map(f => [f.label, f.optional])).to.deep.equal([['euiccCiPKIdToBeUsed', false]]);
    for (const spec of ['1.1', '1.2', '1.3'] as const) {
      expect(members(spec).map(f => [f.label, f.optional])).to.deep.equal([['euiccCiPKIdentifierToBeUsed', false]]);
    }
  });

  it('names error 50 of the package request profileMetadataMismatch in v1.0 and metadataMismatch since', () => {
    const named = (spec: Spec) => codes('GetBoundProfilePackageResponseEsipa', 'getBoundProfilePackageErrorEsipa', spec);
    expect(named('1.0')).to.include('profileMetadataMismatch');
    expect(named('1.1')).to.include('metadataMismatch').and.not.include('profileMetadataMismatch');
  });

  it('names each error code from its version on', () => {
    expect(codes('GetEimPackageResponse', 'eimPackageError', '1.0')).to.have.members(['noEimPackageAvailable', 'undefinedError']);
    expect(codes('GetEimPackageResponse', 'eimPackageError', '1.1')).to.include.members(['eidNotFound', 'invalidEid', 'missingEid']);
    const result = (spec: Spec) => codes('ProvideEimPackageResultResponse', 'provideEimPackageResultError', spec);
    expect(result('1.1')).to.deep.equal(['undefinedError']);
    expect(result('1.2')).to.include('eidNotFound');
    const client = (spec: Spec) => codes('AuthenticateClientResponseEsipa', 'authenticateClientErrorEsipa', spec);
    expect(client('1.2')).not.to.include('downloadOrderExpired');
    expect(client('1.3')).to.include('downloadOrderExpired');
  });
});

describe('packages, results and data by version', () => {
  it('renames transactionId to eimTransactionId under the same tag', () => {
    const unsigned = t('30', EIM, '8202A1A2');
    expect(fits('EuiccPackageErrorUnsigned', unsigned)).to.deep.equal(['1.1', '1.2', '1.3']);
    const signed = t('30', EIM, '810101', '8202A1A2', '020104');
    expect(json('EuiccPackageErrorDataSigned', signed, '1.0')).to.have.property('transactionId', 'A1A2');
    expect(json('EuiccPackageErrorDataSigned', signed, '1.1')).to.have.property('eimTransactionId', 'A1A2');
  });

  it('limits an eimId to 1 to 128 characters since v1.1', () => {
    expect(fits('EuiccPackageErrorUnsigned', '30028000')).to.deep.equal(['1.0']);
  });

  it('has operations for fallback and default address since v1.1', () => {
    for (const text of [t('A8', ICCID), 'A900', 'BF6503800161']) {
      expect(fits('Psmo', text), text).to.deep.equal(['1.1', '1.2', '1.3']);
    }
  });

  it('has values under their later names in every version', () => {
    const { value } = read('Psmo', 'A70B8000810388370182026162', '1.0');
    expect(value).to.deep.equal({
      configureImmediateEnable: { immediateEnableFlag: null, defaultSmdpOid: '2.999.1', defaultSmdpAddress: 'ab' },
    });
    expect(hex(encodeUntyped(typeOf('Psmo'), value, { spec: '1.0' }))).to.equal('A70B8000810388370182026162');
    const options = read('EuiccMemoryResetRequest', 'BF340482020308', '1.0').value;
    expect(options).to.deep.equal({ resetOptions: ['resetImmediateEnableConfig'] });
    expect(json('EuiccMemoryResetRequest', 'BF340482020308', '1.0')).to.deep.equal({ resetOptions: ['resetAutoEnableConfig'] });
    expect(write('EuiccMemoryResetRequest', { resetOptions: ['resetImmediateEnableConfig'] }, '1.0')).to.equal('BF340482020308');
  });

  it('has values in the layout of later versions, whatever stands on the wire', () => {
    const both = (name: string, text: string, value: unknown) => {
      expect(read(name, text, '1.0').value, text).to.deep.equal(value);
      expect(hex(encodeUntyped(typeOf(name), value, { spec: '1.0' }))).to.equal(text);
    };
    const refusal = { euiccPackageErrorUnsigned: { eimId: 'eim1' } };
    const result = { eimPackageResult: { euiccPackageResult: refusal } };
    both('ProvideEimPackageResult', t('BF50', REFUSAL), result);
    both('HandleNotificationEsipa', t('BF3D', t('A1', REFUSAL)), { provideEimPackageResult: result });
    both('EimPackageResult', t('30', REFUSAL, t('BF2B', 'A000')), {
      ePRAndNotifications: { euiccPackageResult: refusal, notificationList: [] },
    });
    both('EimPackageResult', '020102', { eimPackageResultResponseError: { eimPackageResultErrorCode: 2 } });
    both('IpaEuiccDataResponse', 'BF5203810105', { ipaEuiccDataResponseError: { ipaEuiccDataErrorCode: 5 } });
    both('IpaEuiccData', t('30', t('BF2B', 'A000')), { notificationsList: [] });
    both('IpaEuiccData', t('30', t('BF2B', 'A200')), { notificationsList: { euiccPackageResultList: [] } });
    both('ProvideEimPackageResultResponse', 'BF5000', { emptyResponse: {} });
    both('ProvideEimPackageResultResponse', t('BF50', t('BF53', '800107')), { eimAcknowledgements: [7] });
    // v1.1 takes the code alone as well, and writes the form of later versions.
    const alone = read('EimPackageResult', '020102', '1.1').value;
    expect(alone).to.deep.equal({ eimPackageResultResponseError: { eimPackageResultErrorCode: 2 } });
    expect(hex(encodeUntyped(typeOf('EimPackageResult'), alone, { spec: '1.1' }))).to.equal('A003020102');
    // The members that only later versions have are left out.
    const eidValue = fromHex(EID);
    expect(hex(encodeUntyped(typeOf('ProvideEimPackageResult'), { ...result, eidValue }, { spec: '1.0' }))).to.equal(t('BF50', REFUSAL));
    expect(hex(encodeUntyped(typeOf('ProvideEimPackageResult'), { ...result, eidValue }, { spec: '1.1' }))).to.equal(
      t('BF50', t('5A', EID), REFUSAL),
    );
  });

  it('has JSON in the layout of the version', () => {
    const refusal = { euiccPackageErrorUnsigned: { eimId: 'eim1' } };
    expect(json('ProvideEimPackageResult', t('BF50', REFUSAL), '1.0')).to.deep.equal({ euiccPackageResult: refusal });
    expect(json('ProvideEimPackageResultResponse', 'BF5000', '1.0')).to.deep.equal({});
    expect(json('IpaEuiccDataResponse', 'BF5203810105', '1.0')).to.deep.equal({ ipaEuiccDataError: 5 });
    expect(json('IpaEuiccData', t('30', t('BF2B', 'A000')), '1.0')).to.deep.equal({ notificationsList: { notificationList: [] } });
    expect(write('ProvideEimPackageResult', { euiccPackageResult: refusal }, '1.0')).to.equal(t('BF50', REFUSAL));
    expect(write('ProvideEimPackageResultResponse', {}, '1.0')).to.equal('BF5000');
    expect(write('IpaEuiccDataResponse', { ipaEuiccDataError: 5 }, '1.0')).to.equal('BF5203810105');
    expect(write('IpaEuiccData', { notificationsList: { notificationList: [] } }, '1.0')).to.equal(t('30', t('BF2B', 'A000')));
  });

  it('refuses the answers of one version in the other', () => {
    expect(read('ProvideEimPackageResultResponse', 'BF50023000', '1.0').ok).to.equal(false);
    expect(read('ProvideEimPackageResultResponse', 'BF500302017F', '1.0').ok).to.equal(false);
    expect(read('ProvideEimPackageResultResponse', 'BF5000', '1.2').ok).to.equal(false);
    expect(read('EimPackageResult', t('30', REFUSAL, t('BF2B', '840100')), '1.0').ok).to.equal(false);
  });

  it('enables immediately by an empty BF5A in v1.0', () => {
    expect(fits('ImmediateEnableRequest', 'BF5A00')).to.deep.equal(['1.0']);
    expect(fits('ImmediateEnableRequest', 'BF5A038001FF')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('renames configureAutoEnable to configureImmediateEnable under the same tags', () => {
    const text = 'A70B8000810388370182026162';
    expect(json('Psmo', text, '1.0')).to.deep.equal({
      configureAutoEnable: { autoEnableFlag: null, smdpOid: '2.999.1', smdpAddress: 'ab' },
    });
    expect(json('Psmo', text, '1.1')).to.deep.equal({
      configureImmediateEnable: { immediateEnableFlag: null, defaultSmdpOid: '2.999.1', defaultSmdpAddress: 'ab' },
    });
  });

  it('names the newer result codes since v1.1', () => {
    for (const [member, name] of [
      ['enableResult', 'rollbackNotAvailable'],
      ['disableResult', 'catBusy'],
      ['deleteResult', 'returnFallbackProfile'],
    ] as const) {
      expect(codes('EuiccResultData', member, '1.0'), member)
        .to.include('ok')
        .and.not.include(name);
      expect(codes('EuiccResultData', member, '1.1'), member)
        .to.include('ok')
        .and.include(name);
    }
  });

  it('puts eimIdType in a list under 84 in v1.0 and under 82 since', () => {
    expect(fits('EimIdInfo', '300780026162840101')).to.deep.equal(['1.0']);
    expect(fits('EimIdInfo', '300780026162820101')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('has indirectProfileDownload since v1.1 and protocol information since v1.3', () => {
    expect(fits('EimConfigurationData', '3006800261628900')).to.deep.equal(['1.1', '1.2', '1.3']);
    expect(fits('EimConfigurationData', '300680026162AA00')).to.deep.equal(['1.3']);
  });

  it('says why a package could not be authenticated in v1.3 only', () => {
    expect(fits('EuiccPackageErrorUnsigned', '3007800261628F010F')).to.deep.equal(['1.3']);
  });

  it('returns a data error under 81 in v1.0 and under A1 since', () => {
    expect(fits('IpaEuiccDataResponse', 'BF5203810101')).to.deep.equal(['1.0']);
    expect(fits('IpaEuiccDataResponse', 'BF5205A103020101')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('returns the default SM-DP+ address under 80 in v1.0 and under 81 since', () => {
    expect(fits('IpaEuiccDataResponse', 'BF5206A00480026162')).to.deep.equal(['1.0']);
    expect(fits('IpaEuiccDataResponse', 'BF5206A00481026162')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('demands the reason of a download error since v1.1', () => {
    expect(fits('ProfileDownloadTriggerResult', 'BF54023000')).to.deep.equal(['1.0']);
    const text = 'BF5405300380017F';
    const error = (member: object) => ({ profileDownloadTriggerResultData: { profileDownloadError: member } });
    expect(json('ProfileDownloadTriggerResult', text, '1.0')).to.deep.equal(error({ errorResponse: '7F' }));
    expect(json('ProfileDownloadTriggerResult', text, '1.1')).to.deep.equal(error({ profileDownloadErrorReason: 127 }));
  });
});

describe('ES10 functions and metadata by version', () => {
  it('resets with BF34 in v1.0 and with BF64 since, with other bits', () => {
    expect(write('EuiccMemoryResetRequest', { resetOptions: ['resetEimConfigData'] }, '1.0')).to.equal('BF340482020410');
    expect(write('EuiccMemoryResetRequest', { resetOptions: ['resetEimConfigData'] }, '1.2')).to.equal('BF640482020204');
    expect(fits('EuiccMemoryResetResponse', 'BF3403020100')).to.deep.equal(['1.0']);
    expect(fits('EuiccMemoryResetResponse', 'BF6403800100')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('returns notifications and results together in v1.0 only', () => {
    expect(fits('RetrieveNotificationsListResponse', 'BF2B06A304A000A100')).to.deep.equal(['1.0']);
  });

  it('filters eIM configuration data since v1.1', () => {
    expect(fits('GetEimConfigurationDataRequest', 'BF5506A00480026162')).to.deep.equal(['1.1', '1.2', '1.3']);
  });

  it('renames error 2 of AddInitialEim', () => {
    expect(codes('AddInitialEimResponse', 'addInitialEimError', '1.0'))
      .to.include('unsignedEimConfigDisallowed')
      .and.not.include('commandError');
    expect(codes('AddInitialEimResponse', 'addInitialEimError', '1.1')).to.include.members(['associatedEimAlreadyExists', 'commandError']);
  });

  it('lets IoTSpecificInfo grow', () => {
    const version = 'A0050403010200';
    expect(fits('IoTSpecificInfo', t('30', version))).to.deep.equal(SPECS);
    expect(fits('IoTSpecificInfo', t('30', version, '81008200'))).to.deep.equal(['1.1', '1.2', '1.3']);
    expect(fits('IoTSpecificInfo', t('30', version, '8300'))).to.deep.equal(['1.3']);
  });

  it('has emergency and fallback metadata since v1.1 in SGP.32 and since v2.7 in SGP.22', () => {
    const profile = t('E3', ICCID, t('9F7B', 'FF'));
    expect(fits('ProfileInfo', profile)).to.deep.equal(['1.1', '1.2', '1.3']);
    expect(fits('ProfileInfo', profile, 'SGP.22')).to.deep.equal(['1.3']);
  });

  it('leads a compact notification with the EID since v1.2', () => {
    const signed = [t('BF2F', '800101', '81020640', t('0C', '6162')), t('5F37', '00')];
    expect(fits('CompactOtherSignedNotification', t('30', ...signed))).to.deep.equal(SPECS);
    expect(fits('CompactOtherSignedNotification', t('30', t('5A', EID), ...signed))).to.deep.equal(['1.2', '1.3']);
  });

  it('names the RSP capabilities of SGP.22 v2.7 in v1.3 only', () => {
    const named = (spec: Spec) => codes('EUICCInfo2', 'rspCapability', spec);
    expect(named('1.2')).to.include('serviceSpecificDataSupport').and.not.include('osUpdateSupport');
    expect(named('1.3')).to.include('serviceSpecificDataSupport').and.include('osUpdateSupport');
  });

  it('has the activation code alternative of ES9+ in v1.3 only', () => {
    const metadata = t('BF25', ICCID, t('91', '61'), t('92', '62'));
    const text = t('BF3B', t('A5', '800111', metadata));
    expect(fits('AuthenticateClientResponseEs9', text, 'SGP.22')).to.deep.equal(['1.3']);
  });
});
