import { Command } from '@commander-js/extra-typings';
import { repairDataFolder, verifyDataFolder } from '../../../local/check-data.ts';
import type { Damage } from '../../../local/disk/data-folder.ts';
import { type Line, line, print, style } from '../../../shared/runtime/terminal.ts';
import { dataDirOption } from '../../options.ts';

export const verifyCommand = new Command('verify')
  .description(
    'read everything in a data folder and say what is missing or damaged; exit with 1 if anything is',
  )
  .addOption(dataDirOption())
  .action(async ({ dataDir }) => {
    const found = await listDamage((report) => verifyDataFolder(dataDir, report));
    if (found === 0) return print(`${dataDir} is as it was written`);
    print(`${described(found)} in ${dataDir}; mend with: repair --data-dir ${dataDir}`);
    process.exitCode = 1;
  });

export const repairCommand = new Command('repair')
  .description('mend a data folder; what is damaged is moved to set-aside/ in the folder')
  .addOption(dataDirOption())
  .action(async ({ dataDir }) => {
    const found = await listDamage((report) => repairDataFolder(dataDir, report));
    print(found === 0 ? `${dataDir} is as it was written` : `${described(found)}, and mended in ${dataDir}`);
  });

/** Prints each damage, and returns how many there are. */
async function listDamage(check: (report: (damage: Damage) => void) => Promise<void>): Promise<number> {
  let found = 0;
  await check((damage) => {
    found++;
    print(formatDamage(damage));
  });
  return found;
}

const described = (count: number) => `${count} ${count === 1 ? 'thing is' : 'things are'} damaged`;

function formatDamage({ what, problem, offset, bytes, lost, remedy }: Damage): Line {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  const size = bytes === undefined ? '' : `, ${bytes} bytes`;
  const loss = lost === undefined ? '' : `, ${lost} lost`;
  return line`${style.red(what)} ${problem}${where}${size}${loss}${remedy === undefined ? '' : ` → ${remedy}`}`;
}
