/** Clocks, counters and checks of concurrency that a cloud keeps by itself: nobody sets them, and they tell nothing. */
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';

/** One fact of a provider. */
interface Fact {
  /** The resource types. */
  readonly types: RegExp;
  /** The paths, without indexes and joined with dots. */
  readonly paths: readonly string[];
  /** Where the provider documents what the attribute is. */
  readonly source: string;
}

const AWS = 'https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources';
const GOOGLE = 'https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources';

/**
 * Facts by type. Versions and hashes of a content that the provider does not read otherwise are left out, because
 * they are the only trace of a change: `etag` and `version_id` of an S3 object, `code_sha256` and `source_code_size`
 * of a function, `generation` of a bucket's object.
 */
const FACTS: readonly Fact[] = [
  {
    // "Version used for optimistic locking" in lock_token; "ETag" as the current version of the configuration.
    types: /^aws_wafv2_/,
    paths: ['lock_token'],
    source: 'https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html',
  },
  {
    // All of what a CloudFront etag stands for is read and compared as attributes.
    types: /^aws_cloudfront_/,
    paths: ['etag', 'in_progress_validation_batches'],
    source: `${AWS}/cloudfront_distribution`,
  },
  { types: /^aws_eks_cluster$/, paths: ['platform_version'], source: `${AWS}/eks_cluster` },
  { types: /^aws_iam_policy$/, paths: ['attachment_count'], source: `${AWS}/iam_policy` },
  {
    types: /^alicloud_ram_policy$/,
    paths: ['attachment_count'],
    source: 'https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/ram_policy',
  },
  {
    // "The latest known metered size (in bytes) of data stored in the file system."
    types: /^aws_efs_file_system$/,
    paths: [
      'size_in_bytes',
      'size_in_bytes.value',
      'size_in_bytes.value_in_ia',
      'size_in_bytes.value_in_standard',
    ],
    source: `${AWS}/efs_file_system`,
  },
  {
    types: /^aws_codeartifact_domain$/,
    paths: ['asset_size_bytes', 'repository_count'],
    source: `${AWS}/codeartifact_domain`,
  },
  {
    // "An opaque value that represents the internal version of this object"; "a sequence number".
    types: /^kubernetes_/,
    paths: ['metadata.resource_version', 'metadata.generation'],
    source:
      'https://github.com/hashicorp/terraform-provider-kubernetes/blob/main/kubernetes/schema_metadata.go',
  },
  {
    // The same two in the object of a manifest, as the API writes them.
    types: /^kubernetes_manifest$/,
    paths: ['object.metadata.resourceVersion', 'object.metadata.generation'],
    source:
      'https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#metadata',
  },
  {
    // Hashes of metadata, tags and labels, which are attributes too.
    types: /^google_/,
    paths: ['metadata_fingerprint', 'tags_fingerprint', 'label_fingerprint'],
    source: `${GOOGLE}/compute_instance`,
  },
  {
    // "A hash of the contents stored in this object. This field is used in optimistic locking."
    types: /^google_compute_/,
    paths: ['fingerprint'],
    source: `${GOOGLE}/compute_url_map`,
  },
  {
    // The checksum of all fields of a resource, which changes with each of them; not those of objects in a bucket.
    types: /^google_(?!storage_bucket_object)/,
    paths: ['etag'],
    source: 'https://google.aip.dev/154',
  },
  {
    // For conditional requests; not those of blobs.
    types: /^azurerm_(?!storage_)/,
    paths: ['etag'],
    source: 'https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#conditional-requests',
  },
  {
    types: /^google_bigquery_table$/,
    paths: ['num_bytes', 'num_long_term_bytes', 'num_rows'],
    source: `${GOOGLE}/bigquery_table`,
  },
  {
    // "Used to make sure changes to the settings are atomic."
    types: /^google_sql_database_instance$/,
    paths: ['settings.version'],
    source: `${GOOGLE}/sql_database_instance`,
  },
  {
    // The entity tag of the answer of GitHub's API, for conditional requests.
    types: /^github_/,
    paths: ['etag'],
    source:
      'https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate',
  },
];

/**
 * Names that mean "when it was last changed, used or saved" with every provider. They count only while the values are
 * times. Documented so for example in aws_lambda_function (`last_modified`), aws_db_instance
 * (`latest_restorable_time`), aws_eks_access_entry (`modified_at`), aws_kendra_index (`updated_at`),
 * aws_route53domains_domain (`updated_date`), aws_imagebuilder_image_pipeline (`date_updated`, `date_last_run`),
 * aws_ami (`last_launched_time`), google_bigquery_dataset (`last_modified_time`), google_secret_manager_secret and
 * others of Google (`update_time`), google_storage_bucket (`updated`), google_compute_disk
 * (`last_attach_timestamp`), cloudflare_record (`modified_on`), okta_user_schema (`last_updated`).
 */
const TIME_NAME =
  /^(?:latest_restorable_time|last_(?:modified|updated?|modification|accessed|launched|analyzed|attach|detach|used)(?:_(?:date|time|date_time|timestamp|at|on))?|(?:updated|modified|update|modification)_(?:at|on|date|time)|updated|date_(?:updated|last_run))$/;

/** True if the values at this place only tell the time, count, or protect against concurrent changes. */
export function isClock(
  type: string,
  segments: readonly Segment[],
  values: { readonly recorded: Json; readonly actual: Json },
): boolean {
  const names = segments.filter((segment) => typeof segment === 'string');
  const path = names.join('.');
  if (FACTS.some((fact) => fact.types.test(type) && fact.paths.includes(path))) return true;
  return TIME_NAME.test(names.at(-1) ?? '') && [values.recorded, values.actual].every(isTimeOrEmpty);
}

/** An ISO 8601 date or time, also as in `2026-01-01 00:00:00 +0000 UTC`; a Unix time in s or ms; or nothing yet. */
function isTimeOrEmpty(value: Json): boolean {
  if (value === null || value === '') return true;
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return false;
  return (
    /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?: [A-Z]{3,4})?)?$/.test(
      text,
    ) ||
    /^\d{9,10}(?:\.\d+)?$|^\d{12,13}$/.test(text) ||
    // As HTTP writes times (RFC 9110, section 5.6.7): `Tue, 15 Nov 1994 08:12:31 GMT`.
    /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC)$/.test(text)
  );
}
