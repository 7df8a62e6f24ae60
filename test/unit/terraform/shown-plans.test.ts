import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { planContent } from '../../../src/terraform/plan-content.ts';
import { createShownPlans } from '../../../src/terraform/shown-plans.ts';

/** A zip archive as the tools write it, but for checksums, which nothing here reads. */
function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const packed = deflateRawSync(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, Buffer.from(name), packed);
    central.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...central, end]);
}

const field = (number: number, text: string): Buffer =>
  Buffer.concat([
    Buffer.from([(((number << 3) | 2) & 0x7f) | 0x80, number >> 4, text.length]),
    Buffer.from(text),
  ]);
const T1 = '2026-11-28T21:27:37Z';
const T2 = '2026-11-28T22:00:00Z';
const planAt = (time: string, value = 'x', state = '{}'): Buffer =>
  zip({
    tfplan: Buffer.concat([field(20, value), field(21, time), Buffer.from([0xd0, 0x01, 0x01])]),
    tfstate: Buffer.from(state),
  });
const jsonAt = (time: string): Buffer =>
  Buffer.from(
    `{"resource_changes":[{"timestamp":"2020-01-01T00:00:00Z"}],"timestamp":"${time}","errored":false}`,
  );

describe('the content of a plan', () => {
  it('is the same for plans that differ in their time alone', async () => {
    const one = await planContent(planAt(T1));
    expect(one?.timestamp).toBe(T1);
    expect((await planContent(planAt(T2)))?.digest).toBe(one?.digest);
    const files = { tfplan: field(21, T1), b: Buffer.from('b'), a: Buffer.from('a') };
    const { tfplan, b, a } = files;
    expect((await planContent(zip({ a, b, tfplan })))?.digest).toBe((await planContent(zip(files)))?.digest);
    expect((await planContent(planAt(T1, 'y')))?.digest).not.toBe(one?.digest);
    expect((await planContent(planAt(T1, 'x', '{"serial":2}')))?.digest).not.toBe(one?.digest);
  });

  it('is unknown for a file of another form', async () => {
    expect(await planContent(Buffer.from('{"encrypted":true}'))).toBeNull();
    expect(await planContent(planAt(T1).subarray(0, -1))).toBeNull();
    expect(await planContent(zip({ other: Buffer.from('x') }))).toBeNull();
    expect(await planContent(zip({ tfplan: Buffer.from([0x0b, 0x01]) }))).toBeNull();
  });
});

describe('what show said', () => {
  function world(most?: number) {
    const shown = createShownPlans<string>(most);
    let shows = 0;
    const plan = (stack: string, file: Buffer, time: string, how: string | null = 'how') =>
      shown.of(stack, how, file, async () => {
        shows += 1;
        return jsonAt(time);
      });
    return {
      shows: () => shows,
      of: async (stack: string, file: Buffer, time: string, how: string | null = 'how') =>
        (await plan(stack, file, time, how)).json.toString('utf8'),
      plan,
      remember: shown.remember,
      recall: async (stack: string) => {
        const found = await shown.recall(stack);
        return found === null ? null : [found.json.toString('utf8'), found.about];
      },
    };
  }

  it('is used again with the new time, while nothing changed', async () => {
    const { of, shows } = world();
    expect(await of('a', planAt(T1), T1)).toBe(jsonAt(T1).toString());
    expect(await of('a', planAt(T2), 'never')).toBe(jsonAt(T2).toString());
    expect(shows()).toBe(1);
  });

  it.each<[string, Buffer, string, string | null]>([
    ['a value changed', planAt(T2, 'y'), 'a', 'how'],
    ['the state changed', planAt(T2, 'x', '[]'), 'a', 'how'],
    ['the tool or its environment changed', planAt(T2), 'a', 'other'],
    ['it is of another stack', planAt(T2), 'b', 'how'],
    ['nothing is known about the providers', planAt(T2), 'a', null],
  ])('is asked again where %s', async (_, file, stack, how) => {
    const { of, shows } = world();
    await of('a', planAt(T1), T1);
    expect(await of(stack, file, T2, how)).toBe(jsonAt(T2).toString());
    expect(shows()).toBe(2);
  });

  it('is given back with what was kept about it, until the stack has another plan', async () => {
    const { plan, remember, recall } = world();
    expect(await recall('a')).toBeNull();
    const { shownAs } = await plan('a', planAt(T1), T1);
    expect(await recall('a')).toBeNull();
    remember('a', shownAs, 'about it');
    expect(await recall('a')).toEqual([jsonAt(T1).toString(), 'about it']);
    expect(await recall('b')).toBeNull();
    // The same content again is another plan: nobody said what it is about.
    await plan('a', planAt(T2), T2);
    expect(await recall('a')).toBeNull();
    await plan('a', planAt(T2, 'y'), T2);
    remember('a', shownAs, 'about an older one');
    expect(await recall('a')).toBeNull();
  });

  it('is not given back where it is not kept', async () => {
    const { plan, remember, recall } = world(10);
    remember('a', (await plan('a', planAt(T1), T1)).shownAs, 'about it');
    expect(await recall('a')).toBeNull();
    const unknown = await plan('b', planAt(T1), T1, null);
    remember('b', unknown.shownAs, 'about it');
    expect(await recall('b')).toBeNull();
  });

  it('is kept up to a limit, the newest ones', async () => {
    const { of, shows } = world(200);
    await of('a', planAt(T1), T1);
    await of('b', planAt(T1), T1);
    await of('b', planAt(T2), T2);
    expect(shows()).toBe(2);
    await of('a', planAt(T2), T2);
    expect(shows()).toBe(3);
  });
});
