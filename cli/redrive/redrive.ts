import { toAppError } from '../../shared/runtime/errors.ts';
import type { Mailbox, TakenLetter } from './mailbox.ts';
import type { Target } from './target.ts';

export interface RedriveReport {
  /** Ids of the letters that were accepted and removed. */
  readonly sent: readonly string[];
  /** Letters that stay where they are, with the reason. */
  readonly kept: readonly { readonly id: string; readonly reason: string }[];
}

export interface RedriveOptions {
  /** Ids of letters; empty for all. */
  readonly ids: readonly string[];
  readonly onLetter: () => void;
}

/** Sends letters again, one after another. A letter is removed only after the other side has accepted it. */
export async function redrive(
  mailbox: Mailbox,
  target: Target,
  { ids, onLetter }: RedriveOptions,
): Promise<RedriveReport> {
  const sent: string[] = [];
  const kept: { id: string; reason: string }[] = [];
  const others: TakenLetter[] = [];
  for await (const letter of mailbox.take()) {
    if (ids.length > 0 && !ids.includes(letter.id)) {
      others.push(letter);
      continue;
    }
    const reason = await sendAndRemove(letter, target);
    if (reason === undefined) sent.push(letter.id);
    else {
      others.push(letter);
      kept.push({ id: letter.id, reason });
    }
    onLetter();
  }
  for (const letter of others) await letter.putBack();
  return { sent, kept };
}

async function sendAndRemove(letter: TakenLetter, target: Target): Promise<string | undefined> {
  try {
    const reason = await target.send(letter);
    if (reason === undefined) await letter.remove();
    return reason;
  } catch (thrown) {
    const { code, message } = toAppError(thrown);
    return `${code}: ${message}`;
  }
}
