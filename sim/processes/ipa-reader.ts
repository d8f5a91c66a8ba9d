/** The reader or modem that the eUICC of a reference IPA is in. */
import { type Card, type Duration, LinkError } from '../../adapters/adapter.js';
import { openStdioCard } from '../../adapters/apdu-stdio-card.js';
import { OptionError } from './process-options.js';

const after = (text: string, prefix: string): string | undefined => (text.startsWith(prefix) ? text.slice(prefix.length) : undefined);

const open = async (name: string, { seconds }: Duration): Promise<Card> => {
  const signal = AbortSignal.timeout(seconds * 1000);
  if (name === 'stdio') return openStdioCard();
  const port = after(name, 'modem:');
  if (port !== undefined) {
    const { openModem, modemOptions } = await import('../../adapters/modem.js');
    return openModem(modemOptions({ port }), { signal });
  }
  // Its library is an optional dependency.
  const { openPcsc } = await import('../../adapters/pcsc.js');
  return openPcsc({ reader: after(name, 'pcsc:') || '0', signal });
};

/** Opens what `--card` names; throws OptionError when there is no such reader. */
export const openReader = async (name: string, timeout: Duration): Promise<Card> => {
  try {
    return await open(name, timeout);
  } catch (cause) {
    if (cause instanceof LinkError) throw new OptionError(`--card: ${name}: ${cause.message}`, { cause });
    throw cause;
  }
};
