/** An HTTP server that lets anybody assume every role of AWS, as the API's documentation shows the answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeSts {
  readonly url: string;
  /** The ARNs of the roles that were assumed. */
  readonly assumed: string[];
  close(): Promise<void>;
}

export async function startFakeSts(): Promise<FakeSts> {
  const assumed: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const role = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('RoleArn') ?? '';
      assumed.push(role);
      const ends = new Date(Date.now() + 900_000).toISOString();
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult>
  <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:m0</AssumedRoleId><Arn>${role}</Arn></AssumedRoleUser>
  <Credentials>
    <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>lent-secret</SecretAccessKey>
    <SessionToken>lent-token</SessionToken><Expiration>${ends}</Expiration>
  </Credentials>
</AssumeRoleResult>
<ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</AssumeRoleResponse>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    assumed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
