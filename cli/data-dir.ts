import { Option } from '@commander-js/extra-typings';

/** The data folder of the local cloud, with the same default for every command. */
export const dataDirOption = () =>
  new Option('--data-dir <folder>', 'where the local cloud keeps its data')
    .default('.mnsoss')
    .env('MNSOSS_DATA_DIR');
