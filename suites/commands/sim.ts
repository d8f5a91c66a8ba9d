/** `sgp32 sim <role>`: a simulated counterpart stand-alone, for a developer's desk. */
import { parseArgs } from 'node:util';
import { LinkError } from '../../adapters/adapter.js';
import { UsageError, unknownName } from './input.js';

interface Simulator {
  readonly does: string;
  /** Option rows for --help. */
  options(): Promise<readonly { readonly name: string; readonly text: string; readonly default: string }[]>;
  run(given: Readonly<Record<string, string>>): Promise<void>;
}

const eim = async () => import('../../sim/processes/eim.js');
const euicc = async () => import('../../sim/processes/euicc.js');
const ipa = async () => import('../../sim/processes/ipa.js');
const modem = async () => import('../../sim/processes/modem.js');
const smdp = async () => import('../../sim/processes/smdp.js');
const SIMULATORS: Readonly<Record<string, Simulator>> = {
  eim: {
    does: 'the reference eIM: ESipa over HTTPS with a REST control API for operators',
    options: async () => Object.values((await eim()).EIM_OPTIONS),
    run: async given => {
      const { readEimOptions, runEim } = await eim();
      await runEim(readEimOptions(given));
    },
  },
  euicc: {
    does: 'the simulated eUICC: a card in the virtual reader of PC/SC, with a REST control API for operators',
    options: async () => Object.values((await euicc()).EUICC_OPTIONS),
    run: async given => {
      const { readEuiccOptions, runEuicc } = await euicc();
      await runEuicc(readEuiccOptions(given));
    },
  },
  ipa: {
    does: 'the reference IPA: a device around an eUICC, with a REST control API for operators',
    options: async () => Object.values((await ipa()).IPA_OPTIONS),
    run: async given => {
      const { readIpaOptions, runIpa } = await ipa();
      await runIpa(readIpaOptions(given));
    },
  },
  modem: {
    does: 'the emulated modem: AT commands on a pseudo terminal, an eUICC behind them, with a REST control API for operators',
    options: async () => Object.values((await modem()).MODEM_OPTIONS),
    run: async given => {
      const { readModemOptions, runModem } = await modem();
      await runModem(readModemOptions(given));
    },
  },
  smdp: {
    does: 'the reference SM-DP+: ES9+ over HTTPS with a REST control API for operators',
    options: async () => Object.values((await smdp()).SMDP_OPTIONS),
    run: async given => {
      const { readSmdpOptions, runSmdp } = await smdp();
      await runSmdp(readSmdpOptions(given));
    },
  },
};

const run = async (simulator: Simulator, given: Readonly<Record<string, string>>): Promise<void> => {
  try {
    await simulator.run(given);
  } catch (error) {
    const { OptionError } = await import('../../sim/processes/process-options.js');
    if (error instanceof OptionError || error instanceof LinkError) throw new UsageError(error.message);
    throw error;
  }
};

const help = async (role: string, simulator: Simulator): Promise<string> => {
  const rows = await simulator.options();
  const width = Math.max(...rows.map(r => r.name.length));
  const lines = rows.map(r => `  --${r.name.padEnd(width)}  ${r.text}${r.default === '' ? '' : ` (${r.default})`}`);
  return `Usage: sgp32 sim ${role} [options]\n\nRuns ${simulator.does}.\nPrints one JSON line with its addresses when it is ready; ends on SIGTERM or Ctrl-C.\n\n${lines.join('\n')}\n`;
};

export const simCommand = async (role: string | undefined, rest: readonly string[]): Promise<number> => {
  const names = Object.keys(SIMULATORS);
  if (role === undefined || role === '--help' || role === '-h') {
    process.stdout.write(
      `Usage: sgp32 sim <role> [options]\n\nRoles:\n${Object.entries(SIMULATORS)
        .map(([name, s]) => `  ${name}  ${s.does}`)
        .join('\n')}\n`,
    );
    return role === undefined ? 2 : 0;
  }
  const simulator = SIMULATORS[role];
  if (!simulator) throw unknownName('simulated role', role, names);
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(await help(role, simulator));
    return 0;
  }
  const rows = await simulator.options();
  await run(
    simulator,
    given(
      rest,
      rows.map(r => r.name),
    ),
  );
  return 0;
};

const given = (rest: readonly string[], names: readonly string[]): Record<string, string> => {
  try {
    const { values } = parseArgs({ args: [...rest], options: Object.fromEntries(names.map(name => [name, { type: 'string' as const }])) });
    return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  } catch (error) {
    const unknown = rest.find(word => word.startsWith('--') && !names.includes(word.slice(2).split('=')[0] ?? ''));
    if (unknown) throw unknownName('option', unknown.slice(2), names);
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};
