import type { TimerTriggerConfig } from '../settings/trigger.ts';
import { type RunningTrigger, type TriggerDeps, type TriggerOf, targetOf } from './runner.ts';
import { parseSchedule } from './schedule.ts';

/** Invokes the function asynchronously at each time of its schedule, while it is enabled. */
export function startTimerTrigger(
  of: TriggerOf,
  { cronExpression, enable = true, payload = '' }: TimerTriggerConfig,
  { clock, invocations, logger }: TriggerDeps,
): RunningTrigger {
  const schedule = parseSchedule(cronExpression);
  const { functionName, trigger } = of;
  let cancel = () => {};
  const arm = (from: number) => {
    const wait = schedule(from);
    if (wait === undefined) return;
    const at = from + wait;
    cancel = clock.after(at - clock.now(), () => {
      fire(at);
      arm(Math.max(at, clock.now() - wait));
    });
  };
  const fire = (at: number) => {
    // doc: the event, with its time in whole seconds.
    const triggerTime = new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
    const event = Buffer.from(JSON.stringify({ triggerTime, triggerName: trigger.triggerName, payload }));
    invocations.invokeAsync(targetOf(of), event).catch((error: unknown) => {
      logger.error({ functionName, trigger: trigger.triggerName, err: error }, 'event of a timer was lost');
    });
  };
  if (enable) arm(clock.now());
  return { stop: async () => cancel() };
}
