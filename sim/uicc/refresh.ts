/** A change of profiles as the terminal gets to know of it: REFRESH, or nothing at all until it resets the card. ETSI TS 102 223 6.4.7, SGP.32 3.3.1 */
import type { CommandApdu } from '#protocol/apdu/command.js';
import { isPerformed, readTerminalResponse, refreshCommand, UICC_RESET } from '#protocol/apdu/proactive.js';
import { fileSystemOf } from './files.js';
import type { Es10Answer } from './port.js';
import { atMasterFile, type Card, type Channel, closeChannel, DONE, data, type Reply, status } from './state.js';

const enter = (card: Card, state: Card['refresh']): void => {
  card.refresh = state;
  if (state) card.tell({ kind: 'refresh', phase: state });
};

/** The files of the profile that is enabled now; what was selected in those before is gone. */
const showFiles = (card: Card): void => {
  card.files = fileSystemOf(card.port.subscription());
  for (const channel of card.channels.values()) if (channel.selection.application === 'files') channel.selection = atMasterFile(card.files);
};

/** A change that waited takes effect: the terminal has carried REFRESH out, or reset the card. SGP.32 5.9.16 */
export const commit = (card: Card): void => {
  card.refresh = undefined;
  card.port.settled?.(true);
  card.tell({ kind: 'refresh', phase: 'committed' });
};

/** The enabled profile changed on a command of this channel; true: the channel is to be closed once the answer is out. */
export const announceSwitch = (card: Card, own: Channel, how: NonNullable<Es10Answer['switched']>): boolean => {
  if (how === 'refresh') {
    if (card.hasPower) enter(card, card.decide.announcesRefresh() === 'proactive' ? 'pending' : 'silent');
    // The reset came before the end of the command.
    else commit(card);
    return false;
  }
  for (const channel of [...card.channels.values()])
    if (channel !== own && channel.selection.application === 'files') closeChannel(card, channel);
  showFiles(card);
  return card.decide.closesOwnChannel();
};

/** The proactive command that waits to be fetched. */
export const pendingCommand = (card: Card): Uint8Array | undefined =>
  card.refresh === 'pending' ? refreshCommand(card.decide.refreshQualifier()) : undefined;

/** FETCH */
export const fetchCommand = (card: Card): Reply => {
  const command = pendingCommand(card);
  return command ? { ...data(command), delivered: () => enter(card, 'fetched') } : status(card.decide.answers('nothingPending'));
};

/** TERMINAL RESPONSE to REFRESH: performed, it commits the change; otherwise the profile before stays. */
export const takeTerminalResponse = (card: Card, command: CommandApdu): Reply => {
  if (card.refresh !== 'fetched') return status(card.decide.answers('nothingPending'));
  const response = readTerminalResponse(command.data);
  if (!response) return status('6A80');
  if (!isPerformed(response.generalResult)) {
    card.refresh = undefined;
    card.port.settled?.(false);
    card.tell({ kind: 'refresh', phase: 'refused' });
    return DONE;
  }
  commit(card);
  if (card.decide.refreshQualifier() === UICC_RESET) for (const channel of [...card.channels.values()]) closeChannel(card, channel);
  showFiles(card);
  return DONE;
};
