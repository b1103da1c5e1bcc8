/** A new value of an index key; without one, the key is deleted. */
export interface Change {
  readonly key: string;
  readonly value?: string;
}

/** What a frame of the log says. */
export interface ChangeSet {
  readonly changes: readonly Change[];
  /** Files of blobs that no value names any more. They are deleted after the frame is durable, and again after a crash. */
  readonly dropped: readonly string[];
}

/** One line for each change. JSON has neither line breaks nor tabs of its own. */
export function encodeChanges({ changes, dropped }: ChangeSet): string {
  let text = '';
  for (const { key, value } of changes) {
    text += value === undefined ? `-${JSON.stringify(key)}\n` : `=${JSON.stringify(key)}\t${value}\n`;
  }
  for (const name of dropped) text += `x${name}\n`;
  return text;
}

export function decodeChanges(text: string): ChangeSet {
  const changes: Change[] = [];
  const dropped: string[] = [];
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (line.startsWith('='))
      changes.push({ key: JSON.parse(line.slice(1, tab)), value: line.slice(tab + 1) });
    else if (line.startsWith('-')) changes.push({ key: JSON.parse(line.slice(1)) });
    else if (line.startsWith('x')) dropped.push(line.slice(1));
  }
  return { changes, dropped };
}
