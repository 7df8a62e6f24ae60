/** What people and the world do in a simulation: commands in the chat, changes of the cloud, pushes, checks. */
import type { Actor } from '../../../src/model/run.ts';
import type { Reply } from '../../../src/ports/chat.ts';
import { buttonsOf, type FakeMessage, plainTextOf } from '../fake-chat.ts';
import { DANA, KIM } from '../runs.ts';
import { ADDRESSES } from './cloud.ts';
import type { Machine } from './machines.ts';
import type { SimWorld } from './ports.ts';

export const CHANNEL = 'C0OPS';
const PEOPLE: readonly Actor[] = [DANA, KIM];

/** A command that a person has sent, and what came back. */
export interface Sent {
  readonly text: string;
  readonly actor: Actor;
  /** Null: the process that had it was killed before it answered. */
  reply: Reply | null;
}

/** The text of a reply that only the sender sees; '' if there is none. */
export function textOfReply(reply: Reply): string {
  if (reply.type === 'none') return '';
  return 'card' in reply ? plainTextOf(reply.card) : reply.type;
}

export class People {
  readonly sent: Sent[] = [];
  readonly #world: SimWorld;
  readonly #replicas: readonly Machine[];
  readonly #stacks: readonly string[];
  #values = 0;

  constructor(world: SimWorld, replicas: readonly Machine[], stacks: readonly string[]) {
    this.#world = world;
    this.#replicas = replicas;
    this.#stacks = stacks;
  }

  /** A replica that answers people: the owner, or one that was the owner and does not know yet that it is not. */
  #answering(): Machine | undefined {
    const all = this.#replicas.filter(({ core }) => core !== null);
    return all.length === 0 ? undefined : this.#world.engine.random.pick(all);
  }

  /** Sends a command, if there is somebody to take it. `from`: the card whose button was clicked. */
  #send(text: string, actor: Actor, from: FakeMessage | null): void {
    const machine = this.#answering();
    const { running } = machine ?? {};
    if (running?.core == null) return;
    const { core, process } = running;
    const { engine, observer } = this.#world;
    const sent: Sent = { text, actor, reply: null };
    this.sent.push(sent);
    observer.counts.commands += 1;
    engine.after(engine.random.int(200), process, `${actor.name} says ${text}`, async () => {
      // Not awaited: the answer comes some steps later.
      void core
        .handler({
          ...{ text, actor, answers: null, place: { platform: 'slack', channel: CHANNEL } },
          from: from && { channel: from.channel, messageId: from.id },
        })
        .then((reply) => {
          sent.reply = reply;
          observer.counts.acknowledged += 1;
          engine.note(`${actor.name} hears ${reply.type} ${textOfReply(reply)}`);
          this.#confirm(reply, actor);
        });
    });
  }

  /** Clicks what a private answer offers to confirm. */
  #confirm(reply: Reply, actor: Actor): void {
    if (reply.type !== 'private') return;
    const asked = buttonsOf(reply.card).find(({ command }) => /^approve #\d+ \w+/.test(command));
    if (asked !== undefined) this.#send(asked.command, actor, null);
  }

  /** A person does something with a card of the channel, or types a command. */
  act(): void {
    const actor = this.#world.engine.random.pick(PEOPLE);
    const { text, from } = this.#clicked() ?? { text: this.#typed(), from: null };
    this.#send(text, actor, from);
  }

  /** What somebody clicks, or types about one of the newest cards; null: there is none, or nobody looks at it. */
  #clicked(): { readonly text: string; readonly from: FakeMessage | null } | null {
    const { random } = this.#world.engine;
    const cards = this.#world.chat.in(CHANNEL).slice(-4);
    const open = cards.filter(({ card }) => buttonsOf(card).length > 0);
    if (open.length === 0 || random.chance(0.25)) return null;
    const from = random.pick(open);
    const commands = buttonsOf(from.card).map(({ command }) => command);
    const approval = commands.find((command) => command.startsWith('approve'));
    if (approval !== undefined && random.chance(0.7)) return { text: approval, from };
    const run = commands.map((command) => /#(\d+)/.exec(command)?.[1]).find((id) => id !== undefined);
    if (run === undefined) return { text: random.pick(commands), from };
    const text = random.pick([
      `approve #${run}`,
      `snooze #${run} 2h later`,
      `reject #${run} no`,
      `accept #${run} right`,
      `cancel #${run}`,
    ]);
    return { text, from: random.chance(0.5) ? from : null };
  }

  /** What somebody types who looks at no card. */
  #typed(): string {
    const { random } = this.#world.engine;
    const busy = this.#world.db.row<{ id: number }>(
      "SELECT id FROM runs WHERE state IN ('queued', 'planning', 'deciding', 'approved') ORDER BY id DESC",
    );
    if (busy !== undefined && random.chance(0.7)) return `cancel #${busy.id}`;
    const stack = random.pick(this.#stacks);
    return random.pick([
      `pause ${stack} a release`,
      `resume ${stack}`,
      `snooze ${stack} 2d a release`,
      `unsnooze ${stack}`,
      `unaccept ${stack}`,
    ]);
  }

  /** Ends a pause, as a person does who cleans up. */
  resume(target: string): void {
    this.#send(`resume ${target}`, DANA, null);
  }

  /** Somebody changes a resource in the cloud. */
  drift(): void {
    const { engine, cloud } = this.#world;
    const stack = engine.random.pick(this.#stacks);
    const address = engine.random.pick(ADDRESSES.slice(0, engine.random.int(6) === 0 ? 3 : 2));
    this.#values += 1;
    const value = engine.random.int(5) === 0 ? cloud.resource(stack, address).desired : `hand${this.#values}`;
    cloud.resource(stack, address).actual = value;
    engine.note(`somebody sets ${address} of ${stack} to ${value}`);
  }

  /** Somebody pushes a commit. */
  push(): void {
    const { engine, cloud } = this.#world;
    const stack = engine.random.pick(this.#stacks);
    const address = engine.random.pick(ADDRESSES.slice(0, 2));
    this.#values += 1;
    cloud.of(stack).commit += 1;
    cloud.resource(stack, address).desired = `code${this.#values}`;
    engine.note(`a push to ${stack}: ${address} is ${this.#values}`);
    this.check(stack, 'push');
  }

  /** The owner checks a stack: by its schedule, after a push, or because somebody asks. `onStored`: it is queued. */
  check(stack: string, trigger: 'schedule' | 'push' | 'command', onStored = (): void => {}): void {
    const { engine } = this.#world;
    const { running } = this.#answering() ?? {};
    if (running?.core == null || running.check === null) return;
    const { process, check } = running;
    engine.after(engine.random.int(50), process, `check ${stack} (${trigger})`, () => {
      check(stack, trigger).then(onStored, () => engine.note(`the check of ${stack} was not stored`));
    });
  }

  checkAny(): void {
    const { random } = this.#world.engine;
    this.check(random.pick(this.#stacks), random.pick(['schedule', 'schedule', 'push', 'command']));
  }
}
