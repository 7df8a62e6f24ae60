/** The files.* methods of the Web API. */
import { isRecord } from '../../../base/is-record.ts';
import { accept, postAsBot } from '../posting.ts';
import { ApiError } from './api-error.ts';
import type { Method } from './args.ts';
import { fileShape, openChannelOf } from './shapes.ts';

const getUploadUrl: Method = (runtime, args) => {
  const name = args.required('filename');
  const size = args.count('length', 0);
  if (size < 1) throw new ApiError('invalid_arguments', ['[ERROR] length must be at least 1']);
  const id = runtime.state.nextId('F');
  runtime.state.data.files.push({
    id,
    name,
    title: name,
    size,
    content: null,
    shared: false,
    completed: false,
  });
  return { upload_url: `${runtime.origin}/upload/${id}`, file_id: id };
};

/** Shares uploaded files, as one message where a channel is given. */
const completeUpload: Method = (runtime, args) => {
  const files = args.list('files', 'invalid_arguments').filter(isRecord);
  if (files.length === 0) throw new ApiError('invalid_arguments', ['[ERROR] missing required field: files']);
  const ids = files.map((given) => {
    const file = runtime.state.file(String(given.id));
    if (!file || file.content === null) throw new ApiError('file_not_found');
    if (file.completed) throw new ApiError('file_update_failed');
    if (typeof given.title === 'string') file.title = given.title;
    return file.id;
  });
  const complete = (): void => {
    for (const id of ids) Object.assign(runtime.state.file(id) ?? {}, { completed: true });
  };
  if (args.has('channel_id')) {
    const channel = openChannelOf(runtime, args, 'channel_id');
    const threadTs = args.text('thread_ts') || null;
    if (threadTs && !runtime.state.message(channel.id, threadTs)) throw new ApiError('invalid_thread_ts');
    const comment = args.text('initial_comment');
    // A file needs no text; a comment is checked like any message.
    const accepted = accept(runtime, { text: comment || ' ', blocks: [], mrkdwn: true, linkNames: false });
    if (!accepted.ok) throw new ApiError(accepted.error, accepted.messages);
    const place = { channel: channel.id, threadTs, visibleTo: null, files: ids };
    postAsBot(runtime, { ...accepted, text: comment }, place);
    for (const id of ids) Object.assign(runtime.state.file(id) ?? {}, { shared: true });
  }
  complete();
  runtime.state.changed();
  return { files: ids.map((id) => fileShape(runtime, id)) };
};

export const fileMethods: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': completeUpload,
};
