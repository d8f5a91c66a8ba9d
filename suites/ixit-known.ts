/** What a run knows beyond the IXIT file, and the file filled in with it. */
import { dirname, isAbsolute, resolve } from 'node:path';
import type { ProcessOptions } from '../adapters/process.js';
import type { IutStart, Ixit, Link } from './ixit-schema.js';
import { type Lookup, resolveTemplate, valueAt } from './template.js';

/** Facts of a run that `${…}` may name. */
export interface Known {
  /** `${work}`: a scratch folder. */
  readonly work: string;
  /** `${links.es9plus.port}`, `.address`: by interface. */
  readonly links: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** `${start.x}`: what the started IUT said when it was ready. */
  readonly start?: Readonly<Record<string, unknown>>;
}

/** Looks names up in what is known; `parameters` come first. */
export const lookupIn =
  (known: Known, settings: ReadonlyMap<string, string>, parameters: Lookup = () => undefined): Lookup =>
  path => {
    const [root = '', ...rest] = path.split('.');
    if (root === 'work') return known.work;
    if (root === 'settings') return settings.get(rest.join('.'));
    if (root === 'links' || root === 'start') return valueAt(known[root], rest.join('.'));
    return parameters(path);
  };

/** The file with all its texts filled in, except those of the operator; paths become absolute. */
export const fillIxit = (ixit: Ixit, known: Known): Ixit => {
  const lookup = lookupIn(known, ixit.settings);
  const fill = (text: string): string => resolveTemplate(text, lookup);
  const path = (text: string): string => {
    const filled = fill(text);
    return isAbsolute(filled) ? filled : resolve(dirname(ixit.file), filled);
  };
  const link = (one: Link): Link => {
    if (one.kind === 'called')
      return {
        ...one,
        url: fill(one.url),
        ...(one.serverName === undefined ? {} : { serverName: fill(one.serverName) }),
        trust: one.trust.map(path),
      };
    if (one.kind === 'listening')
      return {
        ...one,
        listen: fill(one.listen),
        names: one.names.map(fill),
        certificate: fill(one.certificate),
        ...(one.address === undefined ? {} : { address: fill(one.address) }),
      };
    if (one.kind === 'slot') return { ...one, host: fill(one.host), port: fill(one.port) };
    if (one.kind !== 'card') return one;
    const settings = Object.entries(one.settings).map(([name, value]) => [name, typeof value === 'string' ? fill(value) : value]);
    return { ...one, settings: Object.fromEntries(settings) };
  };
  const wires = (all: Readonly<Record<string, Link>>) => Object.fromEntries(Object.entries(all).map(([wire, one]) => [wire, link(one)]));
  return {
    ...ixit,
    settings: new Map([...ixit.settings].map(([name, text]) => [name, fill(text)])),
    links: Object.fromEntries(Object.entries(ixit.links).map(([name, all]) => [name, wires(all)])),
    trust: ixit.trust.eim === undefined ? {} : { eim: path(ixit.trust.eim) },
    ...(ixit.pki === undefined ? {} : { pki: path(ixit.pki) }),
  };
};

/** How the IUT is started, filled in: for `startProcess`. */
export const startOptions = (ixit: Ixit, start: IutStart, known: Omit<Known, 'start'>): ProcessOptions => {
  const lookup = lookupIn(known, ixit.settings);
  const fill = (text: string): string => resolveTemplate(text, lookup);
  const { command, ready } = start;
  return {
    command: typeof command === 'string' ? fill(command) : command.map(fill),
    cwd: fill(start.cwd),
    env: Object.fromEntries([...start.env].map(([name, text]) => [name, fill(text)])),
    ...(ready === undefined ? {} : { ready: 'tcp' in ready ? { tcp: fill(ready.tcp) } : { stdout: fill(ready.stdout) } }),
    within: start.within,
  };
};
