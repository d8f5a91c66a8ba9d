/** The control API of the reference IPA: what the operator of a device may ask for, as JSON over plain HTTP. docs/reference-ipa.md */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { InputOf, Spec, Type } from '#protocol/asn1/type.js';
import * as es10b from '#protocol/iot/es10b.js';
import { IpaeActivationRequest, IpaeActivationResponse } from '#protocol/iot/info.js';
import { LinkError } from '../../adapters/adapter.js';
import { ComposeError } from '../role.js';
import { ask, type Card } from '../roles/ipa/card.js';
import type { Cause } from '../roles/ipa/config.js';
import type { IpaDecisions } from '../roles/ipa/index.js';
import { type Control, openControl, type Reply, type Route } from './control.js';
import type { DeviceCard } from './ipa-card.js';
import type { Polling } from './ipa-poll.js';
import type { EsipaEncoding } from './ipa-wire.js';

/** What the control API works on. */
export interface IpaControlOptions {
  readonly card: DeviceCard;
  readonly polling: Polling;
  readonly decide: IpaDecisions;
  /** The device is provisioned with EimConfigurationData `30 …`, or with none. */
  readonly provision: (eimConfigurationData: Uint8Array | undefined) => void;
  /** From now on ESipa is spoken so. */
  readonly speak: (encoding: EsipaEncoding) => void;
  /** The user has these confirmation codes to type, one after the other as servers refuse them. */
  readonly memorize: (codes: readonly string[]) => void;
  readonly spec: Spec;
  readonly listen: string;
  readonly report: (problem: string) => void;
}

/** A function of ES10b that a device decides on by itself; a result of 0 changed the eUICC. */
const local =
  <Q, A>(request: Type<Q>, value: InputOf<Q>, response: Type<A>, resultOf: (answer: A) => number | undefined) =>
  async (card: Card, spec: Spec): Promise<number> =>
    resultOf((await ask(card, spec, request, value, response)).value) ?? 127;

const RESET_ALL = [
  'deleteOperationalProfiles',
  'deleteFieldLoadedTestProfiles',
  'resetDefaultSmdpAddress',
  'deletePreLoadedTestProfiles',
  'deleteProvisioningProfiles',
] as const;
const refreshFlag = true;
/** Loss of connectivity and its return, an emergency call, a reset by the user: path, function, and the cause that eIMs hear. */
const FUNCTIONS: readonly (readonly [path: RegExp, act: (card: Card, spec: Spec) => Promise<number>, cause: Cause])[] = [
  [
    /^\/fallback$/,
    local(
      es10b.ExecuteFallbackMechanismRequest,
      { refreshFlag },
      es10b.ExecuteFallbackMechanismResponse,
      a => a.executeFallbackMechanismResult,
    ),
    'fallback',
  ],
  [
    /^\/return$/,
    local(es10b.ReturnFromFallbackRequest, { refreshFlag }, es10b.ReturnFromFallbackResponse, a => a.returnFromFallbackResult),
    'fallback',
  ],
  [
    /^\/emergency\/enable$/,
    local(es10b.EnableEmergencyProfileRequest, { refreshFlag }, es10b.EnableEmergencyProfileResponse, a => a.enableEmergencyProfileResult),
    'emergencyProfile',
  ],
  [
    /^\/emergency\/disable$/,
    local(
      es10b.DisableEmergencyProfileRequest,
      { refreshFlag },
      es10b.DisableEmergencyProfileResponse,
      a => a.disableEmergencyProfileResult,
    ),
    'emergencyProfile',
  ],
  [
    /^\/memory-reset$/,
    local(es10b.EuiccMemoryResetRequest, { resetOptions: [...RESET_ALL] }, es10b.EuiccMemoryResetResponse, a => a.resetResult),
    'reset',
  ],
];

const routesOf = ({ card, polling, decide, provision, memorize, speak, spec, report }: IpaControlOptions): readonly Route[] => {
  let isRetired = false;
  const active = async (act: () => Promise<Reply>): Promise<Reply> =>
    isRetired ? { status: 409, body: { error: 'the IPA in the eUICC is active; reset the card first' } } : act();
  const functions = FUNCTIONS.map(
    ([path, act, cause]): Route => [
      'POST',
      path,
      () =>
        active(async () => {
          if (cause === 'fallback' && !decide.falls(path.test('/return') ? 'return' : 'fallback'))
            return { status: 200, body: { result: 0 } };
          const result = await polling.use(() => act(card.terminal, spec));
          if (result === 0) polling.changed(cause);
          return { status: 200, body: { result } };
        }),
    ],
  );
  return [
    ...functions,
    ['POST', /^\/poll$/, () => active(async () => ({ status: 200, body: await polling.poll() }))],
    [
      'POST',
      /^\/poll\/start$/,
      async ({ body: { over } }) => {
        // The wire of a test run; CoAPs follow from what the eUICC has of the eIM.
        if (over !== undefined) speak(String(over).endsWith('json') ? 'json' : 'asn1');
        // The command is right, only that there is nothing for this IPA to do.
        if (!isRetired)
          void polling.poll().catch((cause: unknown) => report(`poll: ${cause instanceof Error ? cause.message : String(cause)}`));
        return { status: 202 };
      },
    ],
    [
      'POST',
      /^\/poll\/end$/,
      async () => {
        await polling.idle();
        return { status: 204 };
      },
    ],
    [
      'POST',
      /^\/provision$/,
      async ({ body: { eimConfigurationData: given } }) => {
        const octets = typeof given === 'string' ? fromHex(given) : undefined;
        if (given !== undefined && !octets) throw new ComposeError('eimConfigurationData: expected octets as hex');
        provision(octets);
        return { status: 204 };
      },
    ],
    [
      'POST',
      /^\/confirmation-codes$/,
      async ({ body: { codes } }) => {
        if (!Array.isArray(codes) || !codes.every(code => typeof code === 'string'))
          throw new ComposeError('codes: expected a list of confirmation codes');
        memorize(codes);
        return { status: 204 };
      },
    ],
    [
      'POST',
      /^\/ipae$/,
      () =>
        active(async () => {
          const value = { ipaeOption: ['activateIpae'] } as const;
          const { ipaeActivationResult } = (
            await polling.use(() => ask(card.terminal, spec, IpaeActivationRequest, value, IpaeActivationResponse))
          ).value;
          isRetired = ipaeActivationResult === 0 && decide.retires();
          return { status: 200, body: { result: ipaeActivationResult } };
        }),
    ],
    [
      'POST',
      /^\/reset$/,
      async () => {
        await polling.use(() => card.reset());
        isRetired = false;
        return { status: 204 };
      },
    ],
  ];
};

/** Opens the control API of an IPA; what the card refuses is the operator's mistake. */
export const openIpaControl = (options: IpaControlOptions): Promise<Control> =>
  openControl({
    routes: routesOf(options),
    isMistake: cause => cause instanceof ComposeError || cause instanceof LinkError,
    listen: options.listen,
    report: options.report,
  });
