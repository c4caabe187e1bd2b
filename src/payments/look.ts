/** Seconds after which what is unfinished is asked about again; the last one repeats. */
const lookAfterSeconds = [5, 15, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400] as const

/** When to look again, in epoch milliseconds; `luck` in [0, 1) spreads a crowd by up to a tenth. */
export function nextLook(looks: number, now: number, luck: number): number {
  const seconds = lookAfterSeconds[Math.min(looks, lookAfterSeconds.length - 1)] ?? 86_400
  return now + Math.round(seconds * 1_000 * (1 + luck / 10))
}
