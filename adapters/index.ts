/** The wires that there are; an IXIT names them as `links.<interface>.<wire>`, an act of the operator by its first key. */
import { openStdioSlot } from './apdu-stdio-slot.js';
import { openCoapClient } from './coap-client.js';
import { openCoapListener } from './coap-listener.js';
import { runCommand, startCommand } from './command.js';
import { openHttpsClient } from './https-client.js';
import { openHttpsListener } from './https-listener.js';
import { openModem } from './modem.js';
import { openPcsc } from './pcsc.js';
import { startProcess } from './process.js';
import { openPrompt } from './prompt.js';
import { openRest } from './rest.js';
import { openVpcd } from './vpcd.js';

/** We call the IUT. */
export const clients = { https: openHttpsClient, coaps: openCoapClient } as const;
/** The IUT calls us. */
export const listeners = { https: openHttpsListener, coaps: openCoapListener } as const;
/** The card under test, in a reader or modem of ours. */
export const cards = { modem: openModem, pcsc: openPcsc } as const;
/** Readers that the IUT holds, with our card in them. */
export const slots = { vpcd: openVpcd, 'apdu-stdio': openStdioSlot } as const;
/** How an IUT is operated, and started. */
export const operating = {
  rest: openRest,
  command: runCommand,
  background: startCommand,
  prompt: openPrompt,
  start: startProcess,
} as const;
