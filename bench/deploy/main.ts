// A deployed function of the local cloud, beside its bare handler in a process: `npm run bench:deploy`.
//
// Both sides take turns, so that other load affects both. Fails when a call is lost, when 60 calls at once start more
// instances or need more memory than the function is configured with, or when a bar is missed.
import { cpus, loadavg } from 'node:os';
import { median, ms, spread } from '../slice/statistics.ts';
import { openStage } from './stage.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const WARM_CALLS = 30;
const PARALLEL = 60;
/** Ratios to the bare handler, and milliseconds that the platform may add to a warm call. */
const BARS = { cold: 1.6, warmMs: 25 };

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
);

const stage = await openStage();
const missed: string[] = [];
try {
  const cold = { deployed: [] as number[], bare: [] as number[] };
  const warm = { deployed: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await stage.bare();
    cold.bare.push(bare.coldMs);
    warm.bare.push(...(await repeat(WARM_CALLS, bare.call)));
    bare.stop();
    // An update replaces the instances, so the next call is a cold one.
    await stage.update(round);
    cold.deployed.push(await stage.call());
    warm.deployed.push(...(await repeat(WARM_CALLS, stage.call)));
  }
  const ratios = cold.deployed.map((time, round) => time / cold.bare[round]!);
  const added = median(warm.deployed) - median(warm.bare);
  console.log(`\ncold, request to result     deployed ${ms(cold.deployed)}   bare ${ms(cold.bare)}`);
  console.log(`cold, deployed ÷ bare       ${spread(ratios, 2)}   bar ${BARS.cold}`);
  console.log(`warm, a known photo         deployed ${ms(warm.deployed)}   bare ${ms(warm.bare)}`);
  console.log(`warm, added by the platform ${added.toFixed(1)} ms   bar ${BARS.warmMs}`);
  if (median(ratios) > BARS.cold) missed.push(`cold: ${median(ratios).toFixed(2)} > ${BARS.cold}`);
  if (added > BARS.warmMs) missed.push(`warm: ${added.toFixed(1)} ms > ${BARS.warmMs}`);

  const { done, refused, instances, memoryMb, totalMs } = await stage.burst(PARALLEL);
  const { reservedConcurrency, memorySize } = stage;
  console.log(
    `\n${PARALLEL} calls at once: ${done} done in ${(totalMs / 1000).toFixed(1)} s, ${refused} times refused with 429 and sent again`,
  );
  console.log(`instances at most           ${instances}   configured ${reservedConcurrency}`);
  console.log(
    `memory at most              ${memoryMb.toFixed(0)} MB   configured ${reservedConcurrency * memorySize} MB`,
  );
  if (done !== PARALLEL) missed.push(`${PARALLEL - done} of ${PARALLEL} calls are lost`);
  if (instances > reservedConcurrency) missed.push(`${instances} instances > ${reservedConcurrency}`);
  if (memoryMb > reservedConcurrency * memorySize) missed.push(`${memoryMb.toFixed(0)} MB are too much`);
} finally {
  await stage.close();
}
if (missed.length > 0) {
  console.error(`\nmissed:\n  ${missed.join('\n  ')}`);
  process.exitCode = 1;
}

async function repeat(count: number, call: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) times.push(await call());
  return times;
}
