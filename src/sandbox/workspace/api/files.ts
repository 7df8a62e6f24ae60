import { isRecord } from '../../../base/is-record.ts';
import { accept, postAsBot } from '../posting.ts';
import { ApiError } from './api-error.ts';
import type { Method } from './args.ts';
import { fileShape, openChannelOf } from './shapes.ts';

const getUploadUrl: Method = (realm, args) => {
  const name = args.required('filename');
  const size = args.count('length', 0);
  if (size < 1) throw new ApiError('invalid_arguments', ['[ERROR] length must be at least 1']);
  const id = realm.state.nextId('F');
  realm.state.data.files.push({ id, name, title: name, size, content: null, shared: false });
  return { upload_url: `${realm.origin}/upload/${id}`, file_id: id };
};

/** Shares files whose content has arrived, as one message where a channel is given. */
const completeUpload: Method = (realm, args) => {
  const files = args.list('files', 'invalid_arguments').filter(isRecord);
  if (files.length === 0) throw new ApiError('invalid_arguments', ['[ERROR] missing required field: files']);
  const ids = files.map((given) => {
    const file = realm.state.file(String(given.id));
    if (!file || file.content === null) throw new ApiError('file_not_found');
    if (typeof given.title === 'string') file.title = given.title;
    return file.id;
  });
  if (args.has('channel_id')) {
    const channel = openChannelOf(realm, args, 'channel_id');
    const threadTs = args.text('thread_ts') || null;
    if (threadTs && !realm.state.message(channel.id, threadTs)) throw new ApiError('invalid_thread_ts');
    const comment = args.text('initial_comment');
    // A file needs no words; a comment is checked as any message is.
    const accepted = accept(realm, { text: comment || ' ', blocks: [], mrkdwn: true, linkNames: false });
    if (!accepted.ok) throw new ApiError(accepted.error, accepted.messages);
    const place = { channel: channel.id, threadTs, visibleTo: null, files: ids };
    postAsBot(realm, { ...accepted, text: comment }, place);
    for (const id of ids) Object.assign(realm.state.file(id) ?? {}, { shared: true });
  }
  return { files: ids.map((id) => fileShape(realm, id)) };
};

export const fileMethods: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': completeUpload,
};
