/** host:port texts, and what the system says of them. */

/** One end of a connection. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** host:port, IPv6 in brackets. */
export const endpointText = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Reads host:port; without a host the loopback address. */
export const parseAddress = (listen: string): Endpoint => {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen);
  if (!match || Number(match[3]) > 65535) throw new TypeError(`expected host:port, got ${listen}`);
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port: Number(match[3]) };
};
