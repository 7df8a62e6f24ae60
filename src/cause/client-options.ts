/** How the clients of AWS in this folder connect. */
import type { OpenAccess } from '../ports/cloud-access.ts';

/** How long one request may take, in ms. */
const REQUEST_MS = 15_000;

/**
 * Options of a client with the credentials of a role. `endpoint`: another server than Amazon's; undefined: Amazon's.
 */
export function clientOptions({ env }: OpenAccess, region: string, endpoint: string | undefined) {
  const { AWS_SESSION_TOKEN: sessionToken } = env;
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    maxAttempts: 4,
    requestHandler: {
      ...{ requestTimeout: REQUEST_MS, connectionTimeout: REQUEST_MS },
      // Else the SDK only warns of a request that takes too long.
      throwOnRequestTimeout: true,
    },
  };
}
