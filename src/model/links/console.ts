/** The page of a resource in its cloud's console, from the id that its provider gave it. */
import { awsConsoleUrl } from './aws-console.ts';
import { encoded, webUrl } from './web-url.ts';

/**
 * The page; null if the id is not of a known form. `id`: an ARN of AWS, a `/subscriptions/…` id of Azure, or a self link
 * or `projects/…` id of Google.
 */
export function consoleUrl(id: string): string | null {
  if (id.startsWith('arn:')) return awsConsoleUrl(id);
  if (id.startsWith('/subscriptions/')) return azurePortalUrl(id);
  return googleConsoleUrl(id);
}

const SUBSCRIPTION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function azurePortalUrl(id: string): string | null {
  const [, , subscription, ...steps] = id.split('/');
  if (subscription === undefined || !SUBSCRIPTION.test(subscription) || steps.length === 0) return null;
  const path = ['subscriptions', subscription, ...steps].map((step) =>
    step === '.' || step === '..' ? null : encoded(step),
  );
  return path.includes(null)
    ? null
    : webUrl({ host: 'portal.azure.com', path: [], hash: `resource/${path.join('/')}` });
}

const GOOGLE = 'console.cloud.google.com';
const NAME = '([A-Za-z0-9][\\w.@-]*)';
/** `acme-prod`, `acme.dev:prod`. */
const PROJECT = '([a-z][a-z0-9.:-]*)';

/** What follows the API's address in a self link, or a whole id; and the page. `$1` is the project. */
const PAGES: readonly (readonly [RegExp, (...parts: string[]) => readonly string[]])[] = [
  [
    new RegExp(`^projects/${PROJECT}/zones/${NAME}/instances/${NAME}$`),
    (zone, name) => ['compute', 'instancesDetail', 'zones', zone ?? '', 'instances', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/global/firewalls/${NAME}$`),
    (name) => ['networking', 'firewalls', 'details', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/global/networks/${NAME}$`),
    (name) => ['networking', 'networks', 'details', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/regions/${NAME}/subnetworks/${NAME}$`),
    (region, name) => ['networking', 'subnetworks', 'details', region ?? '', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/topics/${NAME}$`),
    (name) => ['cloudpubsub', 'topic', 'detail', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/subscriptions/${NAME}$`),
    (name) => ['cloudpubsub', 'subscription', 'detail', name ?? ''],
  ],
  [
    new RegExp(`^projects/${PROJECT}/serviceAccounts/${NAME}$`),
    (name) => ['iam-admin', 'serviceaccounts', 'details', name ?? ''],
  ],
  [
    new RegExp(`^sql/projects/${PROJECT}/instances/${NAME}$`),
    (name) => ['sql', 'instances', name ?? '', 'overview'],
  ],
];

function googleConsoleUrl(id: string): string | null {
  const self =
    /^https:\/\/(?:www|compute|sqladmin|storage)\.googleapis\.com\/(?:(compute|sql|storage)\/)?(?:v1|beta|v1beta4)\/(.+)$/.exec(
      id,
    );
  const bucket = self?.[1] === 'storage' ? new RegExp(`^b/${NAME}$`).exec(self[2] ?? '')?.[1] : undefined;
  if (bucket !== undefined) return webUrl({ host: GOOGLE, path: ['storage', 'browser', bucket] });
  const rest = self === null ? id : `${self[1] === 'sql' ? 'sql/' : ''}${self[2] ?? ''}`;
  for (const [pattern, pathOf] of PAGES) {
    const [, project, ...parts] = pattern.exec(rest) ?? [];
    if (project === undefined) continue;
    return webUrl({ host: GOOGLE, path: pathOf(...parts), query: [['project', project]] });
  }
  return null;
}
