import { Command } from '@commander-js/extra-typings';
import { dataDirOption, remoteOption } from '../options.ts';

const REMOTE = 'a bucket (region, engine, gallery and keys come from the environment, as for the function)';

/** A command on people, with the options that all of them have. */
export const subcommand = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .addOption(dataDirOption())
    .addOption(remoteOption('<bucket>', REMOTE));
