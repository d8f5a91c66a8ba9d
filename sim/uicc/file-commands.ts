/** SELECT, STATUS and reading of files. ETSI TS 102 221 8.4, 11.1 */
import { ISDR_AID } from '#protocol/apdu/aid.js';
import { type CommandApdu, statusWithLength } from '#protocol/apdu/command.js';
import { equal, tlv } from '#protocol/asn1/tlv.js';
import { CURRENT_APPLICATION, type Directory, directoryTemplate, type ElementaryFile, fileTemplate, MF } from './files.js';
import { selectIsdr } from './isdr.js';
import { atMasterFile, type Card, type Channel, DONE, data, type Place, type Reply, status } from './state.js';

const NOT_FOUND = status('6A82');
const WRONG_LENGTH = status('6700');
const WRONG_PARAMETERS = status('6A86');
/** The registered application provider identifier is the least that names an application. ISO 7816-4 8.2.1.2 */
const SHORTEST_AID = 5;

const placeOf = (card: Card, channel: Channel): Place =>
  channel.selection.application === 'files' ? channel.selection : atMasterFile(card.files);

const goTo = (channel: Channel, directory: Directory, file?: ElementaryFile): void => {
  channel.selection = { application: 'files', directory, file, record: 0 };
};

/** Answer to a SELECT whose P2 asks for FCI, FCP or nothing. */
const selected = (p2: number, template: Uint8Array): Reply => ((p2 & 0x0c) === 0x0c ? DONE : data(template));

const isName = (aid: Uint8Array, given: Uint8Array): boolean =>
  given.length >= SHORTEST_AID && given.length <= aid.length && equal(aid.subarray(0, given.length), given);

const selectByName = (card: Card, channel: Channel, { p2, data: name }: CommandApdu): Reply => {
  const { usim } = card.files;
  // There is one application of each name: no next and no previous occurrence.
  if ((p2 & 0x03) !== 0) return NOT_FOUND;
  if (isName(ISDR_AID, name)) {
    const reply = selectIsdr(card, channel);
    return (p2 & 0x0c) === 0x0c ? DONE : reply;
  }
  if (!usim?.aid || !isName(usim.aid, name)) return NOT_FOUND;
  // The session of the application ends: nothing but the MF is left to stand in.
  goTo(channel, (p2 & 0x60) === 0x40 ? card.files.mf : usim);
  return selected(p2, directoryTemplate(usim));
};

/** A file seen from a directory: one in it, one beside it, the MF, the active application. ETSI TS 102 221 8.4.1 */
const find = (card: Card, from: Directory, id: number): Directory | ElementaryFile | undefined => {
  const { mf, usim } = card.files;
  if (id === MF) return mf;
  if (id === CURRENT_APPLICATION) return from === mf ? undefined : usim;
  return from.files.find(file => file.id === id);
};

const idsOf = (path: Uint8Array): number[] => {
  const ids: number[] = [];
  for (let at = 0; at + 1 < path.length; at += 2) ids.push(((path[at] ?? 0) << 8) | (path[at + 1] ?? 0));
  return ids;
};

const selectById = (card: Card, channel: Channel, { p1, p2, data: path }: CommandApdu): Reply => {
  const place = placeOf(card, channel);
  const isPath = p1 === 0x08 || p1 === 0x09;
  if (path.length % 2 !== 0 || path.length === 0 || (!isPath && path.length !== 2)) return WRONG_LENGTH;
  let directory = place.directory;
  // A path begins below the MF; the active application stands for itself at its head.
  if (p1 === 0x08) directory = idsOf(path)[0] === CURRENT_APPLICATION ? directory : card.files.mf;
  let file: ElementaryFile | undefined;
  for (const id of idsOf(path)) {
    const found = file ? undefined : find(card, directory, id);
    if (!found) return NOT_FOUND;
    if ('structure' in found) file = found;
    else directory = found;
  }
  goTo(channel, directory, file);
  return selected(p2, file ? fileTemplate(file) : directoryTemplate(directory));
};

/** SELECT */
export const select = (card: Card, channel: Channel, command: CommandApdu): Reply => {
  const { p1, p2, data: name } = command;
  if ((p2 & 0xb0) !== 0) return WRONG_PARAMETERS;
  if (p1 === 0x04) return name.length === 0 || name.length > 16 ? WRONG_LENGTH : selectByName(card, channel, command);
  if (p1 === 0x03) {
    if (name.length > 0) return WRONG_LENGTH;
    goTo(channel, card.files.mf);
    return selected(p2, directoryTemplate(card.files.mf));
  }
  return p1 === 0x00 || p1 === 0x01 || p1 === 0x08 || p1 === 0x09 ? selectById(card, channel, command) : WRONG_PARAMETERS;
};

/** STATUS: the current directory, or the name of the current application. */
export const currentStatus = (card: Card, channel: Channel, { p1, p2 }: CommandApdu): Reply => {
  if (p1 > 0x02) return WRONG_PARAMETERS;
  const { directory } = placeOf(card, channel);
  const aid = channel.selection.application === 'isdr' ? ISDR_AID : directory.aid;
  if (p2 === 0x00) return data(directoryTemplate(directory));
  if (p2 === 0x01) return aid ? data(tlv(0x84, aid)) : NOT_FOUND;
  return p2 === 0x0c ? DONE : WRONG_PARAMETERS;
};

/** The current file, or the one that a short identifier names, which becomes the current one. */
const fileFor = (channel: Channel, sfi: number): ElementaryFile | Reply => {
  const { selection } = channel;
  if (selection.application !== 'files') return status('6986');
  if (sfi === 0) return selection.file ?? status('6986');
  const file = selection.directory.files.find(candidate => candidate.sfi === sfi);
  if (file) goTo(channel, selection.directory, file);
  return file ?? NOT_FOUND;
};

/** READ BINARY */
export const readBinary = (_card: Card, channel: Channel, { p1, p2, le = 256 }: CommandApdu): Reply => {
  const hasSfi = (p1 & 0x80) !== 0;
  if (hasSfi && (p1 & 0x60) !== 0) return WRONG_PARAMETERS;
  const file = fileFor(channel, hasSfi ? p1 & 0x1f : 0);
  if ('sw' in file) return file;
  if (file.structure !== 'transparent') return status('6981');
  const content = file.records[0] ?? new Uint8Array();
  const offset = hasSfi ? p2 : (p1 << 8) | p2;
  const left = content.length - offset;
  if (left <= 0) return status('6B00');
  return le > left ? status(statusWithLength('6C', left)) : data(content.slice(offset, offset + le));
};

const NEXT = 0x02;
const PREVIOUS = 0x03;
const ABSOLUTE = 0x04;

/** READ RECORD */
export const readRecord = (_card: Card, channel: Channel, { p1, p2 }: CommandApdu): Reply => {
  const file = fileFor(channel, p2 >> 3);
  if ('sw' in file) return file;
  const { selection } = channel;
  if (file.structure !== 'linearFixed' || selection.application !== 'files') return status('6981');
  const { records } = file;
  const pointer = selection.record;
  const mode = p2 & 0x07;
  if (mode !== ABSOLUTE && ((mode !== NEXT && mode !== PREVIOUS) || p1 !== 0)) return WRONG_PARAMETERS;
  // Without a current record, the one before is the last.
  const before = pointer === 0 ? records.length : pointer - 1;
  const number = mode === ABSOLUTE ? p1 || pointer : mode === NEXT ? pointer + 1 : before;
  const record = records[number - 1];
  if (!record) return status('6A83');
  return mode === ABSOLUTE ? data(record) : { ...data(record), delivered: () => movePointer(channel, file, number) };
};

const movePointer = (channel: Channel, file: ElementaryFile, record: number): void => {
  const { selection } = channel;
  if (selection.application === 'files' && selection.file === file) channel.selection = { ...selection, record };
};
