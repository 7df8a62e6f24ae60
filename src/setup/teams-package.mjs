/**
 * `npm run teams:package`: the Teams app as two zip files, one for clients with slash commands and one for older
 * ones. Uses nothing but Node, so that it runs before anything is installed.
 *
 *     MICROSOFT_APP_ID=… npm run teams:package [FOLDER]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

const SOURCE = join(import.meta.dirname, '..', '..', 'manifests', 'teams');
const PLACEHOLDER = '00000000-0000-0000-0000-000000000000';
/**
 * The manifest's placeholder for the developer's addresses. People see those in Teams, and an administrator
 * checks them.
 */
const PLACEHOLDER_SITE = 'https://m0.example';
const PACKAGES = { 'm0-teams.zip': 'manifest.json', 'm0-teams-older.zip': 'manifest-older.json' };
/** 1 January 1980, the earliest date of the zip format. A fixed date makes the output reproducible. */
const DATE = 0x0021;

const appId = process.env.MICROSOFT_APP_ID ?? '';
if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(appId)) {
  process.stderr.write(
    'm0: teams:package: MICROSOFT_APP_ID is not an app id: set it to the one of the Entra app registration\n',
  );
  process.exit(2);
}

const folder = process.argv[2] ?? join('.m0', 'teams');
mkdirSync(folder, { recursive: true });
for (const [name, manifest] of Object.entries(PACKAGES)) {
  const text = readFileSync(join(SOURCE, manifest), 'utf8').replaceAll(PLACEHOLDER, appId);
  const icons = ['color.png', 'outline.png'].map((icon) => [icon, readFileSync(join(SOURCE, icon))]);
  if (text.includes(PLACEHOLDER_SITE)) {
    process.stderr.write(
      `m0: teams:package: ${join('manifests', 'teams', manifest)} still has ${PLACEHOLDER_SITE} under "developer": put your own addresses there before others add the app\n`,
    );
  }
  const path = join(folder, name);
  writeFileSync(path, zip([['manifest.json', Buffer.from(text)], ...icons]));
  process.stdout.write(`${path}\n`);
}

/** A zip archive of these files, in this order. */
function zip(files) {
  const local = [];
  const central = [];
  let offset = 0;
  for (const [name, content] of files) {
    const path = Buffer.from(name);
    const packed = deflateRawSync(content);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(8, 4);
    about.writeUInt16LE(DATE, 8);
    about.writeUInt32LE(crc32(content), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(content.length, 18);
    about.writeUInt16LE(path.length, 22);
    local.push(Buffer.from('PK\x03\x04'), about, path, packed);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00'), about, end, path);
    offset += 4 + about.length + path.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const tail = Buffer.alloc(18);
  tail.writeUInt16LE(files.length, 4);
  tail.writeUInt16LE(files.length, 6);
  tail.writeUInt32LE(directory.length, 8);
  tail.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), tail]);
}
