/** Plain datagram lines: one to a peer, or one for each peer that writes to a socket. */

import { LinkError } from './adapter.js';
import { type Endpoint, endpointText } from './address.js';
import { type DatagramLine, type DatagramSocket, early } from './datagram.js';

/** A line over a socket of its own, which is closed with it. */
export const plainLine = (socket: DatagramSocket, to: Endpoint): DatagramLine => {
  const { tell, receive } = early();
  const close = () => void socket.close();
  socket.receive({
    datagram: octets => tell(line => line.datagram(octets)),
    failed: error => {
      close();
      tell(line => line.closed(error));
    },
  });
  return { remote: endpointText(to), send: octets => socket.send(octets, to), receive, close };
};

export interface PeersOptions {
  /** Beyond it the one that was silent for longest is given up. */
  readonly maxPeers: number;
}

/** Lines to many peers over one socket. */
export interface Peers {
  /** Ends the lines; the socket goes on. */
  drop(why: LinkError): void;
  /** Gives back what the lines share. */
  close(): void;
}

/** A line for each peer that writes to a socket. */
export const plainPeers = (socket: DatagramSocket, options: PeersOptions, accept: (line: DatagramLine) => void): Peers => {
  // In the order of their last datagram.
  const peers = new Map<string, { readonly datagram: (octets: Uint8Array) => void; readonly end: (why: LinkError) => void }>();
  const open = (from: Endpoint, key: string) => {
    const { tell, receive } = early();
    const peer = {
      datagram: (octets: Uint8Array) => tell(line => line.datagram(octets)),
      end: (why: LinkError) => {
        if (peers.get(key) !== peer) return;
        peers.delete(key);
        tell(line => line.closed(why));
      },
    };
    const isCurrent = () => peers.get(key) === peer;
    peers.set(key, peer);
    accept({
      remote: key,
      receive,
      send: octets => {
        if (isCurrent()) socket.send(octets, from);
      },
      close: () => {
        if (isCurrent()) peers.delete(key);
      },
    });
    return peer;
  };
  socket.receive({
    datagram: (octets, from) => {
      const key = endpointText(from);
      const known = peers.get(key);
      if (known === undefined && peers.size >= options.maxPeers)
        [...peers.values()][0]?.end(new LinkError('closed', `more than ${options.maxPeers} peers at a time`));
      const peer = known ?? open(from, key);
      if (peers.get(key) === peer) {
        peers.delete(key);
        peers.set(key, peer);
      }
      peer.datagram(octets);
    },
    failed: () => {},
  });
  return {
    drop: why => {
      for (const peer of [...peers.values()]) peer.end(why);
    },
    close: () => {},
  };
};
