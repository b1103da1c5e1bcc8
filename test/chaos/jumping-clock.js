// Loaded before a program: the time of day jumps by an hour, forth and back, with every SIGUSR2.
const HOUR_MS = 3_600_000;
const OFFSETS = [0, HOUR_MS, 0, -HOUR_MS];
const RealDate = Date;
let jumps = 0;

const now = () => RealDate.now() + OFFSETS[jumps % OFFSETS.length];

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static now() {
    return now();
  }
};

process.on('SIGUSR2', () => {
  jumps++;
});

// Before that, the signal would end the process.
process.stderr.write('the clock can jump\n');
