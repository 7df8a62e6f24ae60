/** The chart and compose.yaml by the real Helm, kubeconform and compose reader: every variant is rendered and validated. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { CHART } from '../support/helm-chart.ts';
import {
  fileOf,
  INSTALL_MS,
  KUBERNETES_VERSIONS,
  kubernetesTools,
  OPERATOR_KINDS,
  operatorProblems,
} from '../support/kubernetes-tools.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, whose shape kubeconform checks.
type Rendered = any;
type Values = Readonly<Record<string, unknown>>;

const M0_YAML = `# a comment
chat: { slack: {} }
defaults: { channels: ["slack:C0OPS"] }
# {{ not a template }} and 'quotes' "of both kinds"
`;
const inline = { config: { inline: M0_YAML } };
const postgresql = { database: { kind: 'postgresql' } };
const externalSecret = {
  enabled: true,
  store: { name: 'vault', kind: 'ClusterSecretStore' },
  keys: { SLACK_BOT_TOKEN: { key: 'm0/slack', property: 'bot' }, M0_ARTIFACT_KEY: { key: 'm0/key' } },
};

const VARIANTS: Readonly<Record<string, Values>> = {
  sqlite: inline,
  'sqlite, non-root': { ...inline, user: 'nonRoot' },
  'sqlite, all of it': {
    ...inline,
    fullnameOverride: 'drift',
    image: { repository: 'registry.acme.dev/m0', digest: `sha256:${'0'.repeat(64)}` },
    imagePullSecrets: [{ name: 'registry' }],
    env: { M0_LOG_LEVEL: 'debug', M0_ARTIFACTS: 's3://plans/m0', HTTPS_PROXY: 'http://proxy:3128' },
    secrets: { name: 'tokens', filesSecret: 'git-keys' },
    data: { size: '50Gi', storageClassName: 'gp3', accessMode: 'ReadWriteOncePod' },
    service: { type: 'LoadBalancer', annotations: { a: 'b' } },
    serviceAccount: { annotations: { a: 'b' } },
    tokens: [{ name: 'aws', audience: 'sts.amazonaws.com' }],
    networkPolicy: {
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
      egress: [{ ports: [{ protocol: 'TCP', port: 3128 }] }],
    },
    metrics: {
      serviceMonitor: { enabled: true, labels: { release: 'p' } },
      prometheusRule: { enabled: true },
    },
    podDisruptionBudget: { enabled: true },
    podAnnotations: { a: 'b' },
    podLabels: { team: 'sre' },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'high',
    extraVolumes: [{ name: 'mirror', persistentVolumeClaim: { claimName: 'mirror' } }],
    extraVolumeMounts: [{ name: 'mirror', mountPath: '/mirror', readOnly: true }],
  },
  'sqlite, m0.yaml in a ConfigMap that exists': { config: { existingConfigMap: 'm0-yaml' } },
  postgresql: { ...inline, ...postgresql },
  'postgresql, m0.yaml in Git': {
    ...postgresql,
    config: { git: 'git::https://git.acme.dev/m0.git//m0.yaml?ref=main' },
  },
  'postgresql, standby': { ...inline, ...postgresql, standby: true, podDisruptionBudget: { enabled: true } },
  'postgresql, workers': {
    ...inline,
    ...postgresql,
    podDisruptionBudget: { enabled: true },
    env: { M0_ARTIFACTS: 's3://plans/m0' },
    workers: [
      { name: 'default', replicas: 2, secretName: 'm0-worker' },
      {
        name: 'vpc',
        labels: ['private-vpc', 'aws-prod'],
        secretName: 'm0-vpc',
        concurrency: 8,
        serviceAccountName: 'm0-vpc',
        env: { HTTPS_PROXY: 'http://proxy:3128' },
        resources: { requests: { cpu: '2' }, limits: { memory: '8Gi' } },
      },
    ],
  },
  'postgresql, replicas, standby, ingress': {
    ...inline,
    ...postgresql,
    replicas: 2,
    standby: true,
    podDisruptionBudget: { enabled: true },
    ingress: { enabled: true, host: 'm0.acme.dev' },
  },
  'postgresql, ingress': {
    ...inline,
    ...postgresql,
    ingress: {
      enabled: true,
      host: 'm0.acme.dev',
      className: 'nginx',
      tlsSecret: 'm0-tls',
      annotations: { a: 'b' },
    },
  },
  'postgresql, migrations by the owner of the tables': {
    ...inline,
    ...postgresql,
    migrations: { enabled: true, urlSecret: { name: 'm0-owner', key: 'url' } },
  },
  'postgresql, non-root, migrations': {
    ...inline,
    ...postgresql,
    user: 'nonRoot',
    migrations: { enabled: true },
    configCheck: { enabled: false },
  },
  'external secret': { ...inline, externalSecret },
  'external secret, postgresql, migrations': {
    ...inline,
    ...postgresql,
    externalSecret,
    migrations: { enabled: true },
  },
  'EKS, roles for service accounts': {
    ...inline,
    identity: { awsRoleArn: 'arn:aws:iam::123456789012:role/m0' },
  },
  'EKS Pod Identity': { ...inline, identity: { eksPodIdentity: true } },
  'GKE Workload Identity': {
    ...inline,
    identity: { googleServiceAccount: 'm0@acme.iam.gserviceaccount.com' },
  },
  'Azure Workload Identity': {
    ...inline,
    identity: {
      azureClientId: '00000000-0000-0000-0000-000000000000',
      azureTenantId: '11111111-1111-1111-1111-111111111111',
    },
    tokens: [
      { name: 'azure-plan', audience: 'api://plan' },
      { name: 'azure-apply', audience: 'api://apply', expirationSeconds: 7200 },
    ],
  },
  'without a network policy, a service account and a check': {
    ...inline,
    networkPolicy: { enabled: false },
    serviceAccount: { create: false, name: 'other' },
    configCheck: { enabled: false },
  },
};

const tools = await kubernetesTools();
const suffix = tools.missing === null ? '' : ` (skipped: the tools can't be had here: ${tools.missing})`;

describe.skipIf(tools.missing !== null)(`Kubernetes${suffix}`, { timeout: INSTALL_MS }, () => {
  if (tools.missing !== null) {
    it('every variant is rendered and validated', () => {});
    return;
  }
  const { helm, kubeconform, compose, schemas, models } = tools;
  let dir: string;
  const rendered = new Map<string, readonly Rendered[]>();

  /** What Helm prints, or says against it. Nothing of this machine's Helm counts. */
  async function call(args: readonly string[], values: Values): Promise<{ out: string; failed: string }> {
    const file = join(dir, 'values.yaml');
    writeFileSync(file, stringify(values));
    const env = { HELM_CONFIG_HOME: dir, HELM_CACHE_HOME: dir, HELM_DATA_HOME: dir };
    const { stdout, stderr, exitCode } = await execa(helm, [...args, '--values', file], {
      env,
      reject: false,
    });
    return { out: stdout, failed: exitCode === 0 ? '' : `${stdout}\n${stderr}` };
  }
  const template = (values: Values, version: string, chart = CHART) =>
    call(['template', 'm0', chart, '--namespace', 'drift', '--kube-version', version], values);
  const objectsOf = (text: string): readonly Rendered[] =>
    parseAllDocuments(text)
      .map((each) => each.toJS() as Rendered)
      .filter((each) => each !== null);
  const of = (variant: string, kind: string): Rendered =>
    rendered.get(variant)?.find((each) => each.kind === kind);
  const podOf = (variant: string): Rendered =>
    (of(variant, 'StatefulSet') ?? of(variant, 'Deployment')).spec.template.spec;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-chart-'));
    for (const [name, values] of Object.entries(VARIANTS)) {
      const { out, failed } = await template(values, '1.37.0');
      expect(failed, name).toBe('');
      rendered.set(name, objectsOf(out));
    }
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** What kubeconform says against the files of a folder. */
  async function validated(folder: string, version: string): Promise<string> {
    const location = `${schemas}/${version}/{{.ResourceKind}}{{.KindSuffix}}.json`;
    const flags = ['-strict', '-skip', OPERATOR_KINDS.join(','), '-schema-location', location, folder];
    const { stdout, stderr, exitCode } = await execa(kubeconform, flags, { reject: false });
    return exitCode === 0 ? '' : `${stdout}${stderr}`;
  }

  it.each(KUBERNETES_VERSIONS)('version %s takes every variant', async (version) => {
    const folder = join(dir, version);
    mkdirSync(folder);
    for (const [name, values] of Object.entries(VARIANTS)) {
      const { out, failed } = await template(values, `${version}.0`);
      expect(failed, name).toBe('');
      expect(out, name).toContain('kind: Service\n');
      writeFileSync(join(folder, `${name.replaceAll(/\W+/g, '-')}.yaml`), out);
    }
    expect(await validated(folder, version)).toBe('');
  });

  it('a misspelled key in a template would be found', async () => {
    const { out } = await template(inline, '1.37.0');
    const folder = join(dir, 'wrong');
    mkdirSync(folder);
    const wrong = out.replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem');
    writeFileSync(join(folder, 'wrong.yaml'), wrong);
    const said = await validated(folder, '1.37');
    expect(said).toContain("additional properties 'readOnlyRootFileSystem' not allowed");
  });

  it('the objects for the operators of Prometheus and of external secrets are of their types', async () => {
    const all = [...rendered.values()].flat();
    const objects = all.filter(({ kind }) => OPERATOR_KINDS.includes(kind));
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(OPERATOR_KINDS));
    expect(await operatorProblems(models, objects)).toEqual([]);
    const wrong = { ...objects.find(({ kind }) => kind === 'ServiceMonitor'), spec: { endpoint: [] } };
    expect((await operatorProblems(models, [wrong])).join()).toContain('\'"endpoint"\' does not exist');
  });

  it('helm lint finds nothing', async () => {
    for (const values of [VARIANTS.sqlite, VARIANTS['sqlite, all of it'], VARIANTS.postgresql]) {
      expect((await call(['lint', CHART, '--strict'], values ?? {})).failed).toBe('');
    }
  });

  const refusals: readonly (readonly [Values, string])[] = [
    [{ databse: { kind: 'postgresql' } }, "additional properties 'databse' not allowed"],
    [{ ...inline, standby: true }, 'standby: only with database.kind postgresql'],
    [{ ...VARIANTS['postgresql, ingress'], standby: true }, 'standby: not with ingress.enabled'],
    [{ ...inline, ...postgresql, replicas: 9 }, 'maximum: got 9, want 8'],
    [{ ...inline, replicas: 1 }, 'replicas: only with database.kind postgresql'],
    [{ ...inline, workers: [{ name: 'a', secretName: 'b' }] }, 'workers: only with database.kind postgresql'],
    [{ ...inline, ...postgresql, workers: [{ name: 'a', secretName: 'b' }] }, 'set env.M0_ARTIFACTS'],
    [
      { ...VARIANTS['postgresql, workers'], workers: [{ name: 'a', secretName: 'm0' }] },
      "workers: a: has the Secret with m0's chat tokens",
    ],
    [{}, 'config: set exactly one of'],
    [{ config: { inline: 'x', existingConfigMap: 'other' } }, 'config: set exactly one of'],
    [{ config: { git: 'https://git.acme.dev/m0.git' } }, 'config.git: write git::ADDRESS'],
    [{ ...inline, migrations: { enabled: true } }, 'migrations.enabled: only with'],
    [{ ...inline, ingress: { enabled: true } }, 'ingress.host: is missing'],
    [{ ...inline, externalSecret: { enabled: true } }, 'externalSecret.store.name: is missing'],
    [{ ...inline, externalSecret: { enabled: true, store: { name: 'x' } } }, 'externalSecret.keys: is empty'],
    [{ ...inline, env: { SLACK_BOT_TOKEN: 'xoxb-1' } }, 'env.SLACK_BOT_TOKEN: is a secret'],
    [{ ...inline, env: { M0_DATA_DIR: '/x' } }, 'env.M0_DATA_DIR: is set by the chart'],
  ];
  it.each(refusals.map(([values, reason]) => [reason, values] as const))(
    'refused: %s',
    async (reason, values) => {
      expect((await template(values, '1.37.0')).failed).toContain(reason);
    },
  );

  it('every container runs on a read-only system, without the API of Kubernetes and with no right too many', () => {
    for (const [name, objects] of rendered) {
      const pods = objects.flatMap(({ spec }) =>
        spec?.template?.spec?.containers ? [spec.template.spec] : [],
      );
      expect(pods.length, name).toBeGreaterThan(0);
      for (const pod of pods) {
        expect(pod.automountServiceAccountToken).toBe(false);
        expect(pod.securityContext.seccompProfile.type).toBe('RuntimeDefault');
        const nonRoot = VARIANTS[name]?.user === 'nonRoot';
        expect(pod.securityContext.runAsUser).toBe(nonRoot ? 1000 : 0);
        expect(pod.initContainers?.length ?? 0).toBe(nonRoot ? 0 : 1);
        for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])]) {
          expect(securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: {
              drop: ['ALL'],
              ...(nonRoot ? {} : { add: ['SETUID', 'SETGID', 'CHOWN', 'FOWNER', 'DAC_OVERRIDE', 'KILL'] }),
            },
          });
        }
      }
    }
  });

  it('what m0 writes to is a volume', () => {
    for (const [name, objects] of rendered) {
      for (const { spec } of objects) {
        const pod = spec?.template?.spec;
        if (!pod?.containers) continue;
        const claims = (spec.volumeClaimTemplates ?? []).map((claim: Rendered) => claim.metadata.name);
        const volumes = [...pod.volumes.map((volume: Rendered) => volume.name), ...claims];
        for (const { volumeMounts } of [...pod.containers, ...(pod.initContainers ?? [])]) {
          const mounts = volumeMounts.map((mount: Rendered) => [mount.name, mount.mountPath]);
          expect(mounts, name).toEqual(
            expect.arrayContaining([
              ['data', '/data'],
              ['tmp', '/tmp'],
            ]),
          );
          expect(volumes, name).toEqual(expect.arrayContaining(mounts.map(([volume]: string[]) => volume)));
        }
      }
    }
  });

  it('the service and the selectors take the pods of the bot, and no pod of a job', () => {
    for (const [name, objects] of rendered) {
      const selector = of(name, 'Service').spec.selector;
      const takes = (labels: object): boolean =>
        Object.entries(selector).every(([key, value]) => (labels as Values)[key] === value);
      for (const { kind, spec } of objects.filter(({ spec: each }) => each?.template)) {
        const { labels } = spec.template.metadata;
        const { 'app.kubernetes.io/component': component } = labels;
        const taking = (VARIANTS[name]?.replicas ?? 0) === 0 ? 'bot' : 'replica';
        expect(takes(labels), `${name}: ${kind}`).toBe(component === taking);
        if (kind !== 'Job') expect(labels).toMatchObject(spec.selector.matchLabels);
      }
    }
  });

  it('with SQLite there is one pod, which keeps its volume and is ready when m0 can work', () => {
    expect(of('sqlite', 'Deployment')).toBeUndefined();
    const { spec } = of('sqlite', 'StatefulSet');
    expect([spec.replicas, spec.podManagementPolicy]).toEqual([1, 'Parallel']);
    expect(spec.persistentVolumeClaimRetentionPolicy.whenDeleted).toBe('Retain');
    const [m0] = podOf('sqlite').containers;
    expect(m0.readinessProbe.httpGet.path).toBe('/readyz');
    expect(m0.env).toContainEqual({ name: 'M0_DATABASE_URL', value: 'file:/data/m0.db' });
  });

  it('with PostgreSQL a new m0 waits beside the old one, and its rollout does not wait for it', () => {
    const { spec } = of('postgresql', 'Deployment');
    expect([spec.replicas, spec.strategy.rollingUpdate]).toEqual([1, { maxSurge: 1, maxUnavailable: 1 }]);
    const pod = podOf('postgresql');
    expect(spec.progressDeadlineSeconds).toBeGreaterThan(pod.terminationGracePeriodSeconds);
    expect(pod.containers[0].env).toContainEqual({ name: 'M0_WAIT_FOR_OWNER', value: '1' });
    expect(pod.containers[0].env).toContainEqual({
      name: 'M0_DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'm0', key: 'M0_DATABASE_URL' } },
    });
  });

  it('an m0 that waits for good counts as ready', () => {
    expect(of('postgresql, standby', 'Deployment').spec.replicas).toBe(2);
    expect(podOf('postgresql, standby').containers[0].readinessProbe.httpGet.path).toBe('/healthz');
    expect(of('postgresql, standby', 'PodDisruptionBudget').spec.minAvailable).toBe(1);
  });

  it('replicas take the commands, and the service leads to them', () => {
    const variant = 'postgresql, replicas, standby, ingress';
    const deployments = rendered.get(variant)?.filter(({ kind }) => kind === 'Deployment') ?? [];
    const replica = deployments.find(({ metadata }) => metadata.name.endsWith('-replica'));
    expect(replica.spec.replicas).toBe(2);
    const [m0] = replica.spec.template.spec.containers;
    expect(m0.args.slice(-3)).toEqual(['serve', '--roles', 'bot']);
    expect(m0.readinessProbe.httpGet.path).toBe('/readyz');
    expect(of(variant, 'Service').spec.selector).toMatchObject({ 'app.kubernetes.io/component': 'replica' });
  });

  it('workers do the work of their labels without the tokens of chats, and the bot none of it', () => {
    const deployments =
      rendered.get('postgresql, workers')?.filter(({ kind }) => kind === 'Deployment') ?? [];
    const [bot, some, vpc] = deployments.map(({ spec }) => spec.template.spec.containers[0]);
    expect(bot.args.slice(-3)).toEqual(['serve', '--roles', 'bot,scheduler']);
    expect([some.args.slice(-2), vpc.args.slice(-3)]).toEqual([
      ['src/main.ts', 'worker'],
      ['worker', '--labels', 'private-vpc,aws-prod'],
    ]);
    expect(deployments.map(({ spec }) => spec.replicas)).toEqual([1, 2, 1]);
    const secrets = [some, vpc].map(({ envFrom }) => envFrom.map((each: Rendered) => each.secretRef.name));
    expect(secrets).toEqual([['m0-worker'], ['m0-vpc']]);
    expect(vpc.env).toEqual(
      expect.arrayContaining([
        { name: 'M0_CONCURRENCY', value: '8' },
        { name: 'M0_ARTIFACTS', value: 's3://plans/m0' },
        { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
      ]),
    );
    expect([some.ports, some.livenessProbe]).toEqual([undefined, undefined]);
  });

  it('an upgrade ends an old replica or worker only when a new one works, and a drain takes one at a time', () => {
    const beside = ['postgresql, replicas, standby, ingress', 'postgresql, workers'].flatMap((variant) => {
      const objects = rendered.get(variant) ?? [];
      const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
      return objects
        .filter(({ kind, metadata }) => kind === 'Deployment' && /-(replica|worker-\w+)$/.test(metadata.name))
        .map(({ metadata, spec }) => ({
          name: metadata.name,
          strategy: spec.strategy.rollingUpdate,
          // Replicas are asked; a worker that can't work yet has ended by then.
          ready: spec.template.spec.containers[0].readinessProbe?.httpGet.path ?? spec.minReadySeconds,
          budget: budgets.find(({ metadata: { name } }) => name === metadata.name)?.spec,
        }));
    });
    const one = (component: string, ready: unknown) => ({
      name: `m0-${component}`,
      strategy: { maxSurge: 1, maxUnavailable: 0 },
      ready,
      budget: expect.objectContaining({
        maxUnavailable: 1,
        selector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': component }) },
      }),
    });
    expect(beside).toEqual([one('replica', '/readyz'), one('worker-default', 30), one('worker-vpc', 30)]);
  });

  it('m0.yaml arrives as it was written', () => {
    const maps = rendered.get('sqlite')?.filter(({ kind }) => kind === 'ConfigMap') ?? [];
    expect(maps.map(({ metadata, data }) => [metadata.name, data['m0.yaml']])).toEqual(
      expect.arrayContaining([
        ['m0', M0_YAML],
        ['m0-next', M0_YAML],
      ]),
    );
  });

  it('before an upgrade the new m0 checks the new m0.yaml, and the owner of the tables migrates them', () => {
    const jobs = (variant: string): readonly Rendered[] =>
      rendered.get(variant)?.filter(({ kind }) => kind === 'Job') ?? [];
    const variant = 'postgresql, migrations by the owner of the tables';
    expect(jobs(variant).map(({ spec }) => spec.template.spec.containers[0].args)).toEqual([
      ['config', 'check'],
      ['db', 'migrate'],
    ]);
    const [check, migrate] = jobs(variant);
    expect(check.metadata.annotations['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    expect(check.spec.template.spec.volumes).toContainEqual({
      name: 'config',
      configMap: { name: 'm0-next' },
    });
    expect(migrate.spec.template.spec.containers[0].env).toContainEqual({
      name: 'M0_DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'm0-owner', key: 'url' } },
    });
    expect(jobs('external secret')[0].metadata.annotations['helm.sh/hook']).toBe('post-install,pre-upgrade');
    expect(jobs('without a network policy, a service account and a check')).toEqual([]);
  });

  it('the metadata endpoint of the node is out of reach, unless an identity comes from it', () => {
    const ranges = (variant: string): readonly string[] =>
      of(variant, 'NetworkPolicy').spec.egress.flatMap(({ to = [] }: Rendered) =>
        to.flatMap(({ ipBlock }: Rendered) => (ipBlock ? [ipBlock.cidr] : [])),
      );
    const everywhere = of('sqlite', 'NetworkPolicy').spec.egress[1].to[0].ipBlock;
    expect(everywhere).toEqual({ cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] });
    expect(ranges('sqlite')).toEqual(['0.0.0.0/0', '::/0']);
    expect(ranges('EKS Pod Identity')).toContain('169.254.170.23/32');
    expect(ranges('GKE Workload Identity')).toContain('169.254.169.254/32');
    const ports = of('postgresql', 'NetworkPolicy').spec.egress[1].ports.map(({ port }: Rendered) => port);
    expect(ports).toEqual([443, 22, 5432]);
  });

  it('the service account carries the identity', () => {
    const annotations = (variant: string): unknown => of(variant, 'ServiceAccount').metadata.annotations;
    expect(annotations('sqlite')).toBeUndefined();
    expect(annotations('EKS, roles for service accounts')).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/m0',
    });
    expect(annotations('GKE Workload Identity')).toEqual({
      'iam.gke.io/gcp-service-account': 'm0@acme.iam.gserviceaccount.com',
    });
    const azure = of('Azure Workload Identity', 'StatefulSet').spec.template.metadata.labels;
    expect(azure['azure.workload.identity/use']).toBe('true');
  });

  it('a packaged chart has the alert rules of manifests/prometheus', async () => {
    const packed = await execa(helm, ['package', CHART, '--destination', dir]);
    const archive = /saved it to: (.*\.tgz)/.exec(packed.stdout)?.[1] ?? '';
    const { out, failed } = await template(VARIANTS['sqlite, all of it'] ?? {}, '1.37.0', archive);
    expect(failed).toBe('');
    const rule = objectsOf(out).find(({ kind }) => kind === 'PrometheusRule');
    expect(rule.spec).toEqual(parse(fileOf('manifests/prometheus/m0.rules.yaml')));
  });

  it('compose.yaml is taken, and a misspelled key is not', async () => {
    mkdirSync(join(dir, 'm0'));
    writeFileSync(join(dir, 'm0.env'), 'SLACK_BOT_TOKEN=xoxb-1\n');
    const text = fileOf('manifests/compose.yaml');
    const read = async (content: string): Promise<{ said: string; code: number }> => {
      writeFileSync(join(dir, 'compose.yaml'), content);
      // This program, unlike `docker compose`, does not look variables up in the environment.
      const flags = ['-no-interpolation', '-format', 'json', 'compose.yaml'];
      const { stdout, stderr, exitCode } = await execa(compose, flags, { cwd: dir, reject: false });
      return { said: exitCode === 0 ? stdout : stderr, code: exitCode ?? 1 };
    };
    const good = await read(text);
    expect(good.code, good.said).toBe(0);
    const { services } = JSON.parse(good.said) as Rendered;
    expect(Object.keys(services).sort()).toEqual(['bucket', 'database', 'm0', 'plans', 'worker']);
    const { m0, worker } = services;
    expect([m0.command.at(-1), worker.command.at(-1)]).toEqual(['bot,scheduler', 'worker']);
    for (const shared of ['M0_DATABASE_URL', 'M0_ARTIFACTS', 'M0_ARTIFACT_KEY', 'M0_CONFIG']) {
      expect(worker.environment[shared]).toBe(m0.environment[shared]);
    }
    expect(Object.keys(worker.environment).join()).not.toMatch(/SLACK|MICROSOFT/);
    expect(services.m0.depends_on.bucket.condition).toBe('service_completed_successfully');
    const { said } = await read(text.replace('read_only: true', 'readonly: true'));
    expect(said).toContain('readonly');
  });
});
