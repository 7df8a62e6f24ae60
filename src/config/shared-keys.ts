/** Keys of m0.yaml for identities in clouds and for the order between stacks: a part of those in setting-keys.ts. */
import { z } from 'zod';
import { LABEL } from '../model/worker-label.ts';
import { text } from './formats.ts';

const role = text.regex(
  /^arn:[a-z0-9-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  'must be the ARN of a role, as in arn:aws:iam::123456789012:role/m0-plan',
);
const duration = text
  .regex(/^[1-9]\d{0,3}[mh]$/, 'must be a number with m or h, as in 90m or 2h')
  .refine((value) => {
    const minutes = Number(value.slice(0, -1)) * (value.endsWith('h') ? 60 : 1);
    return minutes >= 15 && minutes <= 720;
  }, 'must be 15m to 12h: AWS has no shorter or longer sessions');
const uuid = text.regex(
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'must be an id, as in 00000000-0000-0000-0000-000000000000',
);
const account = text.regex(
  /^[^@\s]+@[^@\s]+$/,
  'must be the e-mail of a service account, as in m0-plan@PROJECT.iam.gserviceaccount.com',
);

/** The label of workers. It is part of the name of a queue in the database. */
export const label = text.regex(
  LABEL,
  'must be up to 40 small letters, digits and hyphens, as in private-vpc, and begin with a letter or digit',
);

const aws = z
  .strictObject({
    planRole: role.optional().describe('ARN of the role for plans: it should only read'),
    applyRole: role.optional().describe('ARN of the role for applies. Only terraform apply itself gets it'),
    externalId: text.optional().describe('What the trust policies of both roles ask for'),
    duration: duration.optional().describe('How long a session lasts, 15m to 12h. Left out: 1h'),
    webIdentityTokenFile: text
      .optional()
      .describe(
        'File with a token that the roles trust (OIDC), in place of an identity of AWS. Relative to m0.yaml',
      ),
  })
  .describe('Roles that m0 assumes for the tool, one for plans and another one for applies');

const azure = z
  .strictObject({
    tenantId: uuid.optional().describe('Microsoft Entra tenant'),
    subscriptionId: uuid.optional().describe('Azure subscription'),
    planClientId: uuid.optional().describe('Application (client) id for plans: it should only read'),
    planTokenFile: text
      .optional()
      .describe('File with a token that this application trusts. Relative to m0.yaml'),
    applyClientId: uuid.optional().describe('Application (client) id for applies'),
    applyTokenFile: text.optional().describe('File with a token that only this application trusts'),
  })
  .describe('Workload identity, one for plans and another one for applies');

const google = z
  .strictObject({
    planServiceAccount: account.optional().describe('Service account for plans: it should only read'),
    planCredentials: text
      .optional()
      .describe('File with credentials that may impersonate this account. Relative to m0.yaml'),
    applyServiceAccount: account.optional().describe('Service account for applies'),
    applyCredentials: text.optional().describe('File with credentials that may impersonate this account'),
  })
  .describe('Service accounts that the tool impersonates, one for plans and another one for applies');

const region = text.regex(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, 'must be the name of a region, as in eu-central-1');

const logOfAws = {
  externalId: text.optional().describe('What the trust policy of the role asks for'),
  regions: z
    .array(region)
    .min(1, 'must name at least one region')
    .optional()
    .describe('Where to look if a resource does not say; AWS_REGION of `env` where left out'),
};

const sqlName = text.regex(/^[A-Za-z0-9_]{1,128}$/, 'may have only letters, digits and _');

const athena = z
  .strictObject({
    role: role.optional().describe('ARN of a role that may only query this table'),
    ...logOfAws,
    region: region.optional().describe('Region of the table; the first of `regions` where left out'),
    database: sqlName.optional().describe('Database of the table'),
    table: sqlName
      .optional()
      .describe('Table over the bucket of the trail, with partition projection by `timestamp`'),
    workgroup: text
      .regex(/^[A-Za-z0-9._-]{1,128}$/, 'may have only letters, digits, dots, _ and -')
      .optional()
      .describe('Workgroup, which limits what a query may read; `primary` where left out'),
    output: text
      .regex(/^s3:\/\/[^/\s]+(\/\S*)?$/, 'must be a place in a bucket, as in s3://acme-athena/m0/')
      .optional()
      .describe('Where Athena writes what it finds; left out: where the workgroup says'),
  })
  .describe('Amazon Athena over the bucket of a trail, in place of `cloudtrail`');

const causes = z
  .strictObject({
    cloudtrail: z
      .strictObject({
        role: role.optional().describe('ARN of a role that may only call cloudtrail:LookupEvents'),
        ...logOfAws,
      })
      .optional()
      .describe('AWS CloudTrail: who changed a resource, and with what'),
    athena: athena.optional(),
    ask: z
      .boolean('must be true or false')
      .optional()
      .describe(
        'true: the person whom the log names is asked "Was this you?" in a direct message. The answer decides nothing',
      ),
  })
  .describe(
    'How m0 learns who changed the cloud. Left out: cards name the commits of the code, and nobody for changes in the cloud',
  );

/** Spread into the settings of stacks, and into defaults. */
export const sharedStackKeys = {
  aws: aws.optional(),
  azure: azure.optional(),
  google: google.optional(),
  causes: causes.optional(),
  after: z
    .array(text)
    .optional()
    .describe(
      'Names of stacks that this one follows: it is checked after them, and its apply waits for theirs',
    ),
  worker: label
    .optional()
    .describe(
      'Label of the workers that plan and apply the stack (`m0 worker --labels LABEL`). Left out: workers without a label',
    ),
};

/** What one place of the file says under these keys. */
export type RawShared = z.infer<z.ZodObject<typeof sharedStackKeys>>;

/** The clouds in which a tool can have an identity. */
export const CLOUDS = ['aws', 'azure', 'google'] as const;

/** Keys whose values are paths of files of m0's machine. */
export const CLOUD_FILES: readonly string[] = [
  'webIdentityTokenFile',
  'planTokenFile',
  'applyTokenFile',
  'planCredentials',
  'applyCredentials',
];
