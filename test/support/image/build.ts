/** Carries out the steps of a Dockerfile, without Docker and without images of a registry. */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';
import { fillFromImage } from './base-images.ts';
import { type Builder, builder } from './builder.ts';
import { type Healthcheck, parseDockerfile, type Stage, type Step, stagesFor } from './dockerfile.ts';
import { parseDockerignore } from './dockerignore.ts';
import { DOCKER_CAPABILITIES, runIn } from './namespace.ts';

/** The folder that the image is built from. */
export const CONTEXT = resolve(import.meta.dirname, '../../..');

/** The root of an image, and how a container of it is started. */
export interface Image {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: Healthcheck | null;
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
}

const EMPTY: Omit<Image, 'root'> = {
  ...{ env: {}, cwd: '/', user: '0', entrypoint: [], command: [] },
  ...{ healthcheck: null, volumes: [], ports: [] },
};

/** Throws where a path leads out of the folder, by `..` or by a link. */
function within(folder: string, path: string): string {
  const target = join(folder, path);
  let there = target;
  while (!existsSync(there)) there = dirname(there);
  const real = realpathSync(there);
  if (real !== folder && !real.startsWith(`${folder}/`)) throw new Error(`${path} leads out of ${folder}`);
  return target;
}

async function copy(
  step: Extract<Step, { kind: 'COPY' }>,
  root: string,
  at: string,
  from: string | null,
): Promise<void> {
  const ignored =
    from === null ? parseDockerignore(readFileSync(join(CONTEXT, '.dockerignore'), 'utf8')) : () => false;
  const target = within(root, resolve(at, step.to));
  const intoFolder = step.to.endsWith('/') || step.sources.length > 1;
  for (const name of step.sources) {
    const source = within(from ?? CONTEXT, name);
    if (!existsSync(source) || (name !== '/' && ignored(relative(CONTEXT, source)))) {
      throw new Error(`COPY ${name}: it is not there, or .dockerignore leaves it out`);
    }
    const isFolder = statSync(source).isDirectory();
    const to = isFolder || !intoFolder ? target : join(target, basename(source));
    mkdirSync(isFolder ? to : dirname(to), { recursive: true });
    if (from === null) {
      const filter = (path: string): boolean => path === source || !ignored(relative(CONTEXT, path));
      await cp(source, to, { recursive: true, verbatimSymlinks: true, filter });
      await execa('chown', ['-R', '-h', '0:0', to]);
    } else {
      await execa('cp', ['-a', '--reflink=auto', isFolder ? `${source}/.` : source, to]);
    }
  }
}

async function build(
  stage: Stage,
  root: string,
  base: Omit<Image, 'root'>,
  rootOf: (name: string) => Promise<string>,
) {
  let image = base;
  const args: Record<string, string> = {};
  let settings: Builder | null = null;
  for (const step of stage.steps) {
    switch (step.kind) {
      case 'RUN': {
        settings ??= await builder();
        const space = { root, scratch: null, readOnly: false, binds: settings.binds, inMemory: [] };
        await runIn(
          space,
          {
            ...{ uid: 0, capabilities: DOCKER_CAPABILITIES, noNewPrivileges: false, cwd: image.cwd },
            env: { HOME: '/root', ...settings.env, ...args, ...image.env },
            command: ['/bin/sh', '-c', step.script],
          },
          `RUN ${step.script}`,
        );
        break;
      }
      case 'COPY':
        await copy(step, root, image.cwd, step.from === null ? null : await rootOf(step.from));
        break;
      case 'ARG':
        args[step.name] = step.value ?? '';
        break;
      case 'ENV':
        image = { ...image, env: { ...image.env, ...step.values } };
        break;
      case 'WORKDIR':
        image = { ...image, cwd: resolve(image.cwd, step.path) };
        mkdirSync(within(root, image.cwd), { recursive: true });
        break;
      case 'USER':
        image = { ...image, user: step.user };
        break;
      case 'VOLUME':
        image = { ...image, volumes: [...image.volumes, ...step.paths] };
        break;
      case 'EXPOSE':
        image = { ...image, ports: [...image.ports, ...step.ports] };
        break;
      case 'HEALTHCHECK':
        image = { ...image, healthcheck: step.check };
        break;
      case 'ENTRYPOINT':
        image = { ...image, entrypoint: step.command };
        break;
      case 'CMD':
        image = { ...image, command: step.command };
        break;
    }
  }
  return image;
}

/**
 * Builds the Dockerfile into `dir`, an empty folder: the last stage, or `target`; `args` are those of `--build-arg`. Rejects with the step
 * that fails.
 */
export async function buildImage(
  dir: string,
  options: { readonly target?: string; readonly args?: Readonly<Record<string, string>> } = {},
): Promise<Image> {
  const file = parseDockerfile(readFileSync(join(CONTEXT, 'Dockerfile'), 'utf8'), options.args);
  const target = options.target ?? file.stages.at(-1)?.name ?? '';
  const done = new Map<string, Image>();
  async function filled(name: string): Promise<string> {
    const root = join(dir, name.replaceAll(/[^a-z0-9]+/g, '-'));
    mkdirSync(root, { recursive: true, mode: 0o755 });
    if (name !== 'scratch') await fillFromImage(name, root);
    return realpathSync(root);
  }
  const rootOf = async (name: string): Promise<string> => done.get(name)?.root ?? filled(name);

  for (const stage of stagesFor(file, target)) {
    const earlier = done.get(stage.base);
    const root = join(dir, `stage-${stage.name}`);
    mkdirSync(root, { mode: 0o755 });
    if (earlier !== undefined) await execa('cp', ['-a', '--reflink=auto', `${earlier.root}/.`, root]);
    else if (stage.base !== 'scratch') await fillFromImage(stage.base, root);
    const real = realpathSync(root);
    done.set(stage.name, { ...(await build(stage, real, earlier ?? EMPTY, rootOf)), root: real });
  }
  const image = done.get(target);
  if (image === undefined) throw new Error(`the stage ${target} was not built`);
  for (const name of readdirSync(dir)) {
    if (realpathSync(join(dir, name)) !== image.root) rmSync(join(dir, name), { recursive: true });
  }
  return image;
}
