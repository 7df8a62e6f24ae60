/** Reads which call of AWS's API a request is, and what it is about, as CloudTrail would record it. */

/** A request as the local cloud gets it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A call that changes something. */
export interface RecordedCall {
  readonly eventSource: string;
  readonly eventName: string;
  readonly requestParameters: Readonly<Record<string, unknown>>;
  /** Ids and names of the resources that it is about. */
  readonly resources: readonly string[];
  readonly region: string;
  readonly accessKeyId: string;
}

const CREDENTIAL = /Credential=([A-Z0-9]+)\/\d+\/([a-z0-9-]+)\/([a-z0-9-]+)\//;
const READS =
  /^(Describe|Get|List|Head|Lookup|Search|Select|Query|Scan|Batch(Get|Describe)|AssumeRole|Decode|Test)/;

/** The calls of S3 that change a bucket, by the method and the name in the query; '' is no name. */
const BUCKET_CALLS: Readonly<Record<string, string>> = {
  'PUT ': 'CreateBucket',
  'DELETE ': 'DeleteBucket',
  'PUT tagging': 'PutBucketTagging',
  'DELETE tagging': 'DeleteBucketTagging',
  'PUT policy': 'PutBucketPolicy',
  'DELETE policy': 'DeleteBucketPolicy',
  'PUT versioning': 'PutBucketVersioning',
  'PUT acl': 'PutBucketAcl',
  'PUT encryption': 'PutBucketEncryption',
  'DELETE encryption': 'DeleteBucketEncryption',
  'PUT logging': 'PutBucketLogging',
  'PUT lifecycle': 'PutBucketLifecycleConfiguration',
  'DELETE lifecycle': 'DeleteBucketLifecycle',
  'PUT publicAccessBlock': 'PutBucketPublicAccessBlock',
  'DELETE publicAccessBlock': 'DeleteBucketPublicAccessBlock',
};

/** The call, or null: it only reads, it is none of AWS's API, or CloudTrail does not record it as a change of a resource. */
export function recordedCall(request: SeenRequest): RecordedCall | null {
  const [, accessKeyId, region, service] = CREDENTIAL.exec(request.headers.authorization ?? '') ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return null;
  const said = service === 's3' ? bucketCall(request) : (queryCall(request) ?? targetCall(request));
  if (said === null || READS.test(said.eventName)) return null;
  return { ...said, region, accessKeyId, eventSource: `${service}.amazonaws.com` };
}

type Said = Pick<RecordedCall, 'eventName' | 'requestParameters' | 'resources'>;

function bucketCall({ method, url }: SeenRequest): Said | null {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const [bucket = '', ...key] = decodeURIComponent(pathname).split('/').slice(1);
  // Events of objects are no management events.
  if (bucket === '' || key.join('') !== '') return null;
  const name = [...searchParams.keys()].find((each) => each !== 'x-id') ?? '';
  const eventName = BUCKET_CALLS[`${method} ${name}`];
  if (eventName === undefined) return null;
  return { eventName, requestParameters: { bucketName: bucket }, resources: [bucket] };
}

/** `Action=AuthorizeSecurityGroupIngress&GroupId=sg-1&IpPermissions.1.FromPort=22`: EC2, IAM, SNS and others. */
function queryCall({ headers, body }: SeenRequest): Said | null {
  if (!(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return null;
  const fields = new URLSearchParams(body);
  const eventName = fields.get('Action');
  if (eventName === null) return null;
  const parameters = nested([...fields].filter(([key]) => key !== 'Action' && key !== 'Version'));
  return { eventName, requestParameters: parameters, resources: idsIn(parameters) };
}

/** `x-amz-target: DynamoDB_20120810.UpdateTable`, with a body of JSON. */
function targetCall({ headers, body }: SeenRequest): Said | null {
  const eventName = headers['x-amz-target']?.split('.').at(-1);
  if (eventName === undefined) return null;
  try {
    const parameters = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return { eventName, requestParameters: parameters, resources: idsIn(parameters) };
  } catch {
    return null;
  }
}

/** `A.1.B=x` as `{ a: { 1: { b: 'x' } } }`: names begin with a small letter in the log. */
function nested(fields: readonly (readonly [string, string])[]): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const [key, value] of fields) {
    const steps = key.split('.').map((step) => step.charAt(0).toLowerCase() + step.slice(1));
    const last = steps.pop() ?? '';
    let at = root;
    for (const step of steps) {
      const next = Object.hasOwn(at, step) ? at[step] : undefined;
      const inner = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : {};
      at[step] = inner;
      at = inner;
    }
    Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return root;
}

/** Ids of EC2, ARNs, and what stands under a key that names something. */
const NAMES = /^(\w*Name|\w*Id|\w*Arn|queueUrl|resources?)$/i;
const ID = /^[a-z]{1,8}-[0-9a-f]{8,}$|^arn:/;

function idsIn(parameters: Readonly<Record<string, unknown>>): readonly string[] {
  const found = new Set<string>();
  const visit = (key: string, value: unknown, depth: number): void => {
    if (typeof value === 'string') {
      if (ID.test(value) || (depth <= 1 && NAMES.test(key))) found.add(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [inner, each] of Object.entries(value)) visit(inner, each, depth + 1);
    }
  };
  visit('', parameters, 0);
  return [...found];
}
