/** ES9+ messages that an IoT eUICC changes (SGP.32 5.6). */
import { define, sequence, tagged } from '../asn1/type.js';
import { TransactionId } from '../rsp/basic.js';
import { AuthenticateServerResponse } from './authentication.js';

/** ES9+ request with the answer of an IoT eUICC; the full form goes to the SM-DP+. */
export const AuthenticateClientRequest = define(
  'AuthenticateClientRequest',
  'SGP.32 5.6.1',
  sequence('BF3B', {
    transactionId: tagged('80', TransactionId),
    authenticateServerResponse: AuthenticateServerResponse,
  }),
);
