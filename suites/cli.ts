/** The command `sgp32`. Each sub-command loads its own code, so that a small one starts fast. */
import { Command, CommanderError, Option } from 'commander';
import { manifest } from './root.js';

/** Exit code for bad input: nothing ran. */
const BAD_INPUT = 2;
/** Errors that are the user's to mend, by name: small commands do not load the case loader for its class. */
const INPUT_ERRORS: ReadonlySet<string> = new Set(['UsageError', 'CaseError', 'InputError']);
/** Exit code when the harness itself failed. */
const HARNESS_FAILED = 3;

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

const program = (finish: (code: number) => void): Command => {
  const sgp32 = new Command('sgp32')
    .description(
      'Conformance test harness for GSMA SGP.32 (eSIM IoT): plays the counterparts around an eIM, IPA, eUICC or SM-DP+ and reports what conforms.',
    )
    .version(manifest().version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      `
Examples:
  sgp32 run                                    all cases against the built-in reference implementations
  sgp32 run --ixit my-eim.ixit.yaml            all cases against the eIM that the file describes
  sgp32 run --ixit my-eim.ixit.yaml --only eim.enable
  sgp32 plan --ixit my-eim.ixit.yaml           what would run, and why the rest does not
  sgp32 decode BF4F03020101                    any SGP.32 or SGP.22 message as a named tree

Exit codes: 0 all pass, 1 a fail, 2 bad input (nothing ran), 3 error or incomplete, 4 inconclusive but no fail.`,
    );
  sgp32.exitOverride();

  const selection = (command: Command) =>
    command
      .option('--ixit <file>', 'description of the implementation under test; the built-in reference IUTs when left out', collect)
      .option('--only <prefix>', 'only cases whose id begins so, e.g. eim.enable; may be repeated', collect)
      .option('--cases <directory>', 'another catalogue than the built-in one');

  selection(sgp32.command('run'))
    .description('run the planned sequences and write the reports')
    .option('--out <directory>', 'where the results go; sgp32-results/<run>/ when left out')
    .option('--seed <hex>', 'repeats the random choices of an earlier run')
    .option('--any-version', 'judge the IUT by the version in its IXIT file even if it shows signs of another one')
    .option('--weather <conditions>', "network conditions around every link, e.g. 'loss: 5%, delay: 100ms..300ms'; docs/coap.md lists them")
    .option('--json', 'print the summary object on standard output')
    .option('--lab <name>', 'laboratory, for the title page')
    .option('--operator <name>', 'person who operates the run, for the title page')
    .option('--known-issues <file>', 'ids and reasons of failures that do not change the exit code')
    .option('--yes', 'change the card under test without asking')
    .option('--destructive', 'also run cases that change the card under test in a way that cannot be undone')
    .option('--no-allure-html', 'leave out the HTML report of Allure (its results are still written)')
    .addHelpText(
      'after',
      `
Progress goes to standard error, so that standard output is free for --json, one object on one line:
  planned, recorded, pass, fail, inconclusive, error, notApplicable, cannotRun, seconds, and byIut with the same numbers by kind of IUT.`,
    )
    .action(async options => finish(await (await import('./commands/run.js')).runCommand(options)));

  selection(sgp32.command('plan'))
    .description('print every sequence with its state: runs, not applicable, cannot run, and why')
    .option('--json', 'as JSON')
    .action(async options => finish(await (await import('./commands/plan.js')).planCommand(options)));

  sgp32
    .command('lint')
    .description('check cases and catalogues without running anything')
    .argument('[files...]', 'case files; the whole catalogue when left out')
    .option('--cases <directory>', 'another catalogue than the built-in one')
    .option('--ixit <file>', 'check this IXIT file too; may be repeated', collect)
    .action(async (files, options) => finish(await (await import('./commands/lint.js')).lintCommand(files, options)));

  sgp32
    .command('show')
    .description('print a case with its procedures and constants filled in')
    .argument('<case>', 'case id, e.g. eim.enable.01')
    .option('--cases <directory>', 'another catalogue than the built-in one')
    .action(async (id, options) => finish(await (await import('./commands/show.js')).showCommand(id, options)));

  sgp32
    .command('sim')
    .description('run a simulated counterpart stand-alone; `sgp32 sim eim --help` lists its options')
    .argument('[role]', 'eim')
    .argument('[options...]')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(async (role, rest) => finish(await (await import('./commands/sim.js')).simCommand(role, rest)));

  sgp32
    .command('pki')
    .description('print certificates of the built-in test PKI as PEM, for an IUT that has to trust them')
    .argument('[names...]', 'e.g. CERT_CI CERT_CI_BRP; a list of all when left out')
    .option('--chain', 'with the certificates of the issuers')
    .option('--key', 'with the private key')
    .action(async (names, options) => finish(await (await import('./commands/pki.js')).pkiCommand(names, options)));

  sgp32
    .command('selftest')
    .description('prove the catalogue: every case must fail on a seeded defect, and no conformant variant may fail')
    .option('--only <prefix>', 'only cases whose id begins so; may be repeated', collect)
    .option('--jobs <n>', 'implementations tested at the same time', '4')
    .option('--json', 'print the result object on standard output')
    .action(async options => finish(await (await import('./commands/selftest.js')).selftestCommand(options)));

  sgp32
    .command('report')
    .description('write the reports of a finished run again, from its record')
    .argument('<directory>', 'results directory of the run')
    .option('--out <directory>', 'where they go; into the same directory when left out')
    .action(async (directory, options) => finish(await (await import('./commands/report.js')).reportCommand(directory, options)));

  const spec = new Option('--spec <version>', 'SGP.32 version: 1.0.1, 1.1, 1.2 or 1.3').default('1.2');
  sgp32
    .command('decode')
    .description('print any SGP.32 or SGP.22 message as a named tree')
    .argument('<message>', 'hex octets, a file (DER or hex), or - for one hex message per line of standard input')
    .option(
      '--type <name>',
      'ASN.1 type, e.g. GetEimPackageResponse (SGP.22:EUICCInfo2 for the SGP.22 flavour); guessed from the tag when left out',
    )
    .addOption(spec)
    .option('--json', 'as JSON')
    .action(async (message, options) => finish(await (await import('./commands/decode.js')).decodeCommand(message, options)));
  sgp32
    .command('encode')
    .description('encode a message from its JSON form; prints hex')
    .argument('<value>', 'JSON, a file, or - for one JSON value per line of standard input')
    .option('--type <name>', 'ASN.1 type; may be left out for values as `decode --json` prints them')
    .addOption(spec)
    .option('--json', 'print {"ok", "hex"}')
    .action(async (value, options) => finish(await (await import('./commands/decode.js')).encodeCommand(value, options)));
  return sgp32;
};

/** Runs a command line (without `node sgp32`) and resolves with its exit code. */
export const main = async (argv: readonly string[]): Promise<number> => {
  let code = 0;
  try {
    await program(c => {
      code = c;
    }).parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
    if (error instanceof Error && INPUT_ERRORS.has(error.name)) {
      // Diagnostics begin with file:line:column, which terminals and editors make links of.
      process.stderr.write(error.name === 'UsageError' ? `sgp32: ${error.message}\n` : `${error.message}\n`);
      return BAD_INPUT;
    }
    process.stderr.write(`sgp32: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return HARNESS_FAILED;
  }
};
