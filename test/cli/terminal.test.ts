import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blankPng } from '../support/blank-png.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Moves the cursor, erases a line, sets the title, rings, forges a line, reverses what follows. */
const HOSTILE = '\u001b[1A\u001b[2K\u001b]0;title\u0007\n\u009b31mall is well\r\u202e';

const CONTROLS = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

test('names of files reach the terminal without a control character, in the table and in failures', async () => {
  const folder = await tempDir();
  await writeFile(join(folder, `${HOSTILE}.png`), await blankPng());
  await writeFile(join(folder, `${HOSTILE}broken.png`), 'hello');

  const program = runProgram([
    'start',
    ...['--data-dir', join(folder, 'data'), '--oss-port', '0', '--mns-port', '0', '--once', folder],
  ]);

  expect(await program.ended(), program.output()).toBe(1);
  expect(program.output()).toContain('all is well\\r\\u202e.png  ');
  expect(program.output()).toContain(
    'invalid \\u001b[1A\\u001b[2K\\u001b]0;title\\u0007\\n\\u009b31mall is well',
  );
  expect(program.output()).not.toMatch(CONTROLS);
});

test.each([
  ['an error', ['start', '--once', HOSTILE], 'ConfigInvalid: \\u001b[1A'],
  ['a mistake of the command line', [HOSTILE], '\\u001b[1A'],
  ['a mistake in the options of a command', ['people', 'find', `--${HOSTILE}`], '\\u001b[1A'],
])('%s repeats what was given without its control characters', async (_, args, shown) => {
  const program = runProgram(args);

  expect(await program.ended(), program.output()).toBe(1);
  expect(program.output()).toContain(shown);
  expect(program.output()).not.toMatch(CONTROLS);
});
