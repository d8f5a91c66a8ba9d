/** What the tests of the card and of the terminal share. */
import { hex } from '#protocol/asn1/tlv.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import type { EuiccConfig } from '../roles/euicc/index.js';
import { ICCID1, ICCID2, octets, testEuicc } from '../roles/euicc/test-bench.js';
import { openTerminal, type TerminalOptions } from '../terminal/index.js';
import { portOf } from './euicc-port.js';
import { createUicc, type Uicc, type UiccEvent, type UiccOptions } from './index.js';

/** Two profiles, the first enabled. */
export const PROFILES = [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }];

/** A dialogue as hex: `>` what the terminal sends, `<` what the card answers. */
export type Dialogue = readonly string[];

/** Sends a command in hex; the answer in hex. */
export const send = async (uicc: Uicc, command: string): Promise<string> => hex(await uicc.transmit(octets(command)));

/** A card under power with a simulated eUICC in it. */
export const testUicc = (given: { readonly config?: Partial<EuiccConfig>; readonly options?: Partial<UiccOptions> } = {}) => {
  const euicc = testEuicc({ profiles: PROFILES, ...given.config });
  const events: UiccEvent[] = [];
  const uicc = createUicc({ port: portOf(euicc), onEvent: event => events.push(event), ...given.options });
  uicc.powerOn();
  return { euicc, uicc, events };
};

/** A device with such a card, and every APDU between them. */
export const testTerminal = (
  given: { readonly config?: Partial<EuiccConfig>; readonly options?: Partial<UiccOptions>; readonly terminal?: TerminalOptions } = {},
) => {
  const dialogue: string[] = [];
  const { euicc, uicc, events } = testUicc({
    ...given,
    options: {
      onReset: () => dialogue.push('reset'),
      onApdu: ({ command, response }) => dialogue.push(`> ${hex(command)}`, `< ${hex(response)}`),
      ...given.options,
    },
  });
  const terminal = openTerminal(memoryReader(uicc), given.terminal);
  dialogue.length = 0;
  return { euicc, uicc, events, terminal, dialogue };
};
