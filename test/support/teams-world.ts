/** The whole m0 with real Terraform, cloud, Git and opa, connected to the local Teams and, at first, to the local Slack. */
import { parse, stringify } from 'yaml';
import type { Run } from '../../src/model/run.ts';
import { DANA, GUEST, KIM } from './teams-bot.ts';
import {
  type Clicked,
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from './teams-connector.ts';
import { poll, startWorld, type World, type WorldOptions } from './world.ts';

export { DANA, GUEST, KIM };
export const OPS = '19:ops@thread.tacv2';
const PATIENCE_MS = 180_000;
/** How many messages of a conversation the error of a wait shows. */
const NEWEST = 3;
const BUSY = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

export class TeamsWorld {
  readonly world: World;
  readonly connector: TeamsConnector;
  readonly #chats: { slack: boolean };

  private constructor(world: World, connector: TeamsConnector, chats: { slack: boolean }) {
    this.world = world;
    this.connector = connector;
    this.#chats = chats;
  }

  /** Starts m0 with both Slack and Teams; m0 is in no team yet. */
  static async start(options: Pick<WorldOptions, 'cloud'> = {}): Promise<TeamsWorld> {
    const chats = { slack: true };
    const connector = await startConnector({
      open: true,
      teams: { sre: [OPS] },
      people: [
        { aadObjectId: DANA, name: 'Dana Dee' },
        { aadObjectId: KIM, name: 'Kim Ko' },
        { aadObjectId: GUEST, name: 'Guest' },
      ],
    });
    const world = await startWorld({
      ...options,
      config: (yaml) => withTeams(yaml, chats.slack),
      variables: { M0_TEAMS_INSECURE_LOOPBACK: '1' },
    });
    const teams = new TeamsWorld(world, connector, chats);
    teams.#reconnect();
    return teams;
  }

  /** The URL that m0 listens on. */
  get url(): string {
    const { url } = this.world.service;
    if (url === undefined) throw new Error('m0 runs elsewhere');
    return url;
  }

  /** Gives the Bot Connector m0's URL, which changes with each start. */
  #reconnect(): void {
    this.connector.connect(this.url);
  }

  async join(): Promise<void> {
    await this.connector.addToTeam('sre');
    await poll(async () => (this.connector.calls.includes('GET teams/sre/conversations') ? true : undefined));
  }

  /** Restarts m0 without Slack in its configuration. */
  async restartAlone(): Promise<void> {
    this.#chats.slack = false;
    await this.world.restart();
    this.#reconnect();
  }

  /** Restarts m0; `between` runs while it is stopped. */
  async restart(between?: () => Promise<void>): Promise<void> {
    await this.world.restart(between);
    this.#reconnect();
  }

  async ready(): Promise<unknown> {
    return (await fetch(`${this.url}/readyz`)).json();
  }

  /** Waits for a message there that contains all words; returns the newest one. */
  card(where: string, ...words: readonly string[]): Promise<TeamsMessage> {
    const holds = (m: TeamsMessage) => words.every((w) => textOfCard(m.card).includes(w));
    return this.connector.waitFor(
      () => this.connector.in(where).findLast(holds),
      PATIENCE_MS,
      () => `no message in ${where} has "${words.join('", "')}"\n${this.#newest(where)}`,
    );
  }

  /** The newest messages there, with their replies, and the newest answers that only one person sees. */
  #newest(where: string): string {
    const { connector } = this;
    const there = connector.in(where).slice(-NEWEST);
    const messages = there.map((m) => `--- in ${where}:\n${textOfCard(m.card)}\n${this.thread(m)}`);
    const answers = [DANA, KIM, GUEST].flatMap((person) =>
      connector
        .whispers(person)
        .slice(-1)
        .map((m) => `--- only for ${person}:\n${textOfCard(m.card)}`),
    );
    return [...messages, ...answers].join('\n');
  }

  /** The text of all replies in the thread of a message. */
  thread(message: TeamsMessage): string {
    return this.connector
      .replies(message.id)
      .map((m) => textOfCard(m.card))
      .join('\n');
  }

  /** Types a check command in the channel and waits until the run and its automatic follow-ups have stopped. */
  async check(): Promise<Run> {
    const { world } = this;
    const before = (await world.runs())[0]?.id ?? 0;
    await this.connector.as(KIM).say(OPS, '@m0 drift prod');
    return poll(async () => {
      const run = (await world.runs()).find((r) => r.id > before);
      return run === undefined || BUSY.includes(run.state) ? undefined : run;
    }, 'a check asked for in Teams');
  }

  /** The id of the run of the open drift alert. */
  async openRun(): Promise<number> {
    const [alert] = await this.world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    return alert?.runId ?? 0;
  }

  /** See `press`. */
  press(...what: PressArguments): Promise<Clicked> {
    return press(this.connector, ...what);
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.connector.close();
  }
}

type PressArguments = [
  person: string,
  message: TeamsMessage,
  title: string,
  answers?: Readonly<Record<string, string>>,
];

/** Presses a button; if that opens a confirmation or a form, submits it with these answers. */
export function press(
  connector: TeamsConnector,
  ...[person, message, title, answers = {}]: PressArguments
): Promise<Clicked> {
  const show = elements(message.card, 'Action.ShowCard').find((a) => a.title === title);
  if (show === undefined) return connector.as(person).click(message, title);
  const inputs = [...elements(show, 'Input.ChoiceSet'), ...elements(show, 'Input.Text')];
  const filled = Object.entries(answers).map(([name, answer]) => {
    const input = inputs.find((i) => String(i.id).endsWith(`.${name}`));
    return [String(input?.id ?? name), answer] as const;
  });
  const submit = String(elements(show, 'Action.Execute')[0]?.title);
  // Searches the dialog only: another button of the card may have the same title.
  return connector
    .as(person)
    .click(message, submit, Object.fromEntries(filled), show.card as typeof message.card);
}

/** The sandbox's m0.yaml with Teams added, and without Slack unless `slack`. */
export function withTeams(yaml: string, slack: boolean): string {
  const config = parse(yaml);
  config.chat.teams = {};
  if (!slack) delete config.chat.slack;
  config.people.dana.teams = DANA;
  config.people.kim.teams = KIM;
  config.defaults.channels = [...(slack ? ['slack:C0OPS'] : []), `teams:${OPS}`];
  return stringify(config);
}

/** Titles of the buttons of a card, without those inside dialogs. */
export function buttonsOn(message: TeamsMessage): readonly string[] {
  const sets = elements(message.card, 'ActionSet').flatMap(
    (set) => set.actions as readonly { title: unknown }[],
  );
  return sets.map((a) => String(a.title));
}
