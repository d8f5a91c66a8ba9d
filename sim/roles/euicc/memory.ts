/** The memory of a simulated eUICC as its configuration describes it. */
import { equal } from '#protocol/asn1/tlv.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import { EimSupportedProtocol } from '#protocol/iot/eim-configuration.js';
import type { OperatorId } from '#protocol/rsp/basic.js';
import { ComposeError } from '../../role.js';
import {
  type EimConfig,
  type EuiccConfig,
  type OwnerConfig,
  octetsFrom,
  oneOf,
  PROFILE_EVENTS,
  type ProfileConfig,
  type RatConfig,
  sizedOctets,
  someOf,
} from './config.js';
import type { Credential } from './credentials.js';
import type { EuiccDecisions } from './decisions.js';
import { eimFrom } from './eims.js';
import type { Eim, Memory, Profile } from './state.js';

const AID_START = octetsFrom('A0000005591010FFFFFFFF8900', 'start of an ISD-P AID');

/** Number of the first ISD-P. */
const FIRST_ISDP = 0x10;

/** AID of the ISD-P with a number. SGP.22 2.4.3, GSMA range */
export const isdpAid = (number: number): Uint8Array => Uint8Array.of(...AID_START, number >> 8, number & 0xff, 0);

const ownerFrom = (owner: OwnerConfig, what: string): ValueOf<typeof OperatorId> => ({
  mccMnc: sizedOctets(owner.mccMnc, 3, `${what}.mccMnc`),
  ...(owner.gid1 !== undefined && { gid1: octetsFrom(owner.gid1, `${what}.gid1`) }),
  ...(owner.gid2 !== undefined && { gid2: octetsFrom(owner.gid2, `${what}.gid2`) }),
});

const STATES = ['enabled', 'disabled'] as const;
const CLASS_WORDS = ['test', 'provisioning', 'operational'] as const;
const RULES = ['ppr1', 'ppr2'] as const;

const profileFrom = (given: ProfileConfig, number: number, aid: Uint8Array, ciPKId: Uint8Array): Profile => {
  const at = `profiles.${number}`;
  return {
    iccid: sizedOctets(given.iccid, 10, `${at}.iccid`),
    aid,
    state: oneOf(given.state ?? 'disabled', STATES, `${at}.state`),
    profileClass: oneOf(given.class ?? 'operational', CLASS_WORDS, `${at}.class`),
    policyRules: someOf(given.ppr, RULES, `${at}.ppr`),
    serviceProviderName: given.serviceProvider ?? 'Test operator',
    profileName: given.name ?? `Test profile ${number + 1}`,
    nickname: given.nickname,
    notifications: (given.notify ?? []).map(({ address, events }) => ({
      address,
      events: someOf(events, PROFILE_EVENTS, `${at}.notify.events`),
    })),
    owner: given.owner && ownerFrom(given.owner, `${at}.owner`),
    ecall: given.ecall ?? false,
    fallbackAllowed: given.fallbackAllowed ?? false,
    fallbackAttribute: given.fallbackAttribute ?? false,
    preLoaded: given.preLoaded ?? false,
    further: {},
    ciPKId,
  };
};

type Defaults = ReturnType<EuiccDecisions['assignsDefaults']>;

const PROTOCOLS = [...(EimSupportedProtocol.names?.keys() ?? [])];
const ID_TYPES = { oid: 1, fqdn: 2, proprietary: 3 } as const;

const trustAnchor = ({ eimId, trustedPublicKeyTls, trustedCertificateTls }: EimConfig) => {
  if (trustedPublicKeyTls !== undefined) return { trustedEimPkTls: octetsFrom(trustedPublicKeyTls, `${eimId}.trustedPublicKeyTls`) };
  if (trustedCertificateTls === undefined) return undefined;
  return { trustedCertificateTls: octetsFrom(trustedCertificateTls, `${eimId}.trustedCertificateTls`) };
};

const configuredEim = (given: EimConfig, credentials: readonly Credential[], assigned: Defaults): Eim => {
  const { publicKey, certificate } = given;
  const key =
    publicKey !== undefined
      ? { eimPublicKey: octetsFrom(publicKey, `${given.eimId}.publicKey`) }
      : certificate !== undefined
        ? { eimCertificate: octetsFrom(certificate, `${given.eimId}.certificate`) }
        : undefined;
  const eim =
    key &&
    eimFrom(
      {
        eimId: given.eimId,
        eimFqdn: given.fqdn,
        eimIdType: given.idType && ID_TYPES[oneOf(given.idType, ['oid', 'fqdn', 'proprietary'], `${given.eimId}.idType`)],
        counterValue: given.counter ?? 0,
        eimPublicKeyData: key,
        trustedPublicKeyDataTls: trustAnchor(given),
        eimSupportedProtocol: given.supportedProtocol && someOf(given.supportedProtocol, PROTOCOLS, `${given.eimId}.supportedProtocol`),
        euiccCiPKId: given.ciPKId === undefined ? undefined : octetsFrom(given.ciPKId, `${given.eimId}.ciPKId`),
        indirectProfileDownload: given.indirectProfileDownload ? null : undefined,
      },
      given.associationToken,
      credentials,
      assigned,
    );
  if (!eim) throw new ComposeError(`eIM ${given.eimId}: expected its signing key as publicKey (SubjectPublicKeyInfo) or certificate`);
  return eim;
};

const ruleFrom = (rule: RatConfig, number: number) => ({
  pprIds: someOf(rule.ppr, RULES, `rat.${number}.ppr`),
  allowedOperators: rule.operators.map(operator => ownerFrom(operator, `rat.${number}.operators`)),
  pprFlags: rule.consentRequired ? ['consentRequired'] : [],
});

/** The memory at the start of a sequence; throws ComposeError when the configuration contradicts itself. */
export const memoryFrom = (
  config: EuiccConfig,
  credentials: readonly [Credential, ...Credential[]],
  decisions: EuiccDecisions,
  spec: Spec,
): Memory => {
  const profiles = (config.profiles ?? []).map((given, n) =>
    profileFrom(given, n, isdpAid(decisions.numbersIsdp(FIRST_ISDP + n)), credentials[0].ciPKId),
  );
  const repeated = profiles.find((p, n) => profiles.slice(n + 1).some(q => equal(p.iccid, q.iccid)));
  if (repeated) throw new ComposeError(`profile ${repeated.profileName}: its ICCID is given twice`);
  for (const what of ['state', 'fallbackAttribute'] as const) {
    const carriers = profiles.filter(p => (what === 'state' ? p.state === 'enabled' : p.fallbackAttribute));
    if (carriers.length > 1)
      throw new ComposeError(`expected at most one profile with ${what === 'state' ? 'state: enabled' : what}, got ${carriers.length}`);
  }
  const eims = (config.eims ?? []).map(given => configuredEim(given, credentials, decisions.assignsDefaults(spec)));
  const highestToken = Math.max(0, ...eims.map(eim => eim.associationToken ?? 0));
  return {
    profiles,
    eims,
    rat: (config.rat ?? []).map(ruleFrom),
    notifications: [],
    results: [],
    seqNumber: (config.firstSeqNumber ?? 1) - 1,
    nextAssociationToken: config.nextAssociationToken ?? highestToken + 1,
    nextAidNumber: FIRST_ISDP + profiles.length,
    defaultDpAddress: config.defaultDpAddress,
    rootDsAddress: config.rootDsAddress ?? 'testrootsmds.example.com',
    immediateEnable: {
      flag: config.immediateEnable?.flag ?? false,
      smdpOid: config.immediateEnable?.smdpOid,
      smdpAddress: config.immediateEnable?.smdpAddress,
    },
    rollback: undefined,
    fallbackReturn: undefined,
    emergencyReturn: undefined,
    session: undefined,
    pending: undefined,
    isIpaeActive: false,
    otKeys: [],
    revocations: [],
    bindings: new Map(),
  };
};
