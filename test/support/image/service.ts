/** Runs m0 in containers of its image for a world of tests: the chat and the repositories are outside of them. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../../src/base/log.ts';
import type { Variables } from '../../../src/config/environment.ts';
import { openStore } from '../../../src/store/open.ts';
import { freePort } from '../free-port.ts';
import { poll, type Started } from '../world.ts';
import type { Image } from './build.ts';
import { type Container, type RunOptions, startContainer } from './container.ts';

/** How a container ended by SIGTERM. */
export type Stopped = Awaited<ReturnType<Container['stop']>>;

export interface ImageService {
  /** The options of the next start. */
  options: RunOptions;
  /** The running container. */
  readonly container: Container;
  /** The address of its HTTP endpoints. */
  readonly url: string;
  /** How each container that a restart or the end of the world stopped has ended. */
  readonly stopped: readonly Stopped[];
  /** For `startWorld`. */
  start(variables: Variables): Promise<Started>;
  kill(): Promise<void>;
}

/** Variables of a world that m0 gets in its container: what --env-file gives it. The image has the others. */
const GIVEN = ['SLACK_API_URL', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'];

/** `dir` is a folder for the layers of containers. */
export function imageService(image: Image, dir: string): ImageService {
  let container: Container | null = null;
  let url = '';
  const stopped: Stopped[] = [];
  const service: ImageService = {
    options: {},
    get container() {
      if (container === null) throw new Error('no container was started');
      return container;
    },
    get url() {
      return url;
    },
    stopped,
    async start(variables) {
      const port = await freePort();
      const data = String(variables.M0_DATA_DIR);
      const config = String(variables.M0_CONFIG);
      // As a new volume has it from the image.
      mkdirSync(data, { recursive: true });
      chmodSync(data, 0o711);
      const cloud = join(config, '..', 'sandbox');
      const given = GIVEN.map((name) => [name, String(variables[name])]);
      const mine = startContainer(image, dir, {
        ...service.options,
        env: { ...Object.fromEntries(given), PORT: String(port), ...service.options.env },
        binds: [
          { from: data, to: '/data' },
          { from: config, to: '/app/m0.yaml', isFile: true, readOnly: true },
          // The repositories, and the state of the stacks.
          { from: cloud, to: cloud },
        ],
      });
      container = mine;
      url = `http://127.0.0.1:${port}`;
      await poll(async () => {
        if (mine.hasEnded) throw new Error(`m0 ended at once: ${mine.output()}`);
        return mine.output().includes('m0 is at work') || undefined;
      }, 'm0 to be at work');
      const store = await openStore({ url: `file:${join(data, 'm0.db')}`, log: createLogger('silent') });
      return {
        store,
        url,
        async close() {
          await store.close();
          stopped.push(await mine.stop());
        },
      };
    },
    kill: async () => container?.kill(),
  };
  return service;
}
