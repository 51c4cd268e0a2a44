import * as z from 'zod';

/**
 * A line in the embedded metric format, no more and no less than its schema allows.
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
const EMBEDDED = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int().nonnegative(),
    CloudWatchMetrics: z.array(
      z.strictObject({
        Namespace: z.string().min(1).max(255),
        Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).min(1),
        Metrics: z
          .array(z.strictObject({ Name: z.string().min(1).max(255), Unit: z.literal('Count') }))
          .max(100),
      }),
    ),
  }),
});

/** One value of one metric, as CloudWatch takes it out of a line of the log. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The metrics that CloudWatch makes of these lines; throws where it would refuse one. */
export function metricsIn(lines: readonly string[]): Metric[] {
  return lines.flatMap((line) => {
    const members: unknown = JSON.parse(line);
    if (!z.looseObject({ _aws: z.unknown() }).safeParse(members).success) return [];
    const document = EMBEDDED.parse(members);
    const value = (name: string) => z.number().parse(document[name]);
    const dimension = (name: string) => [name, z.string().min(1).parse(document[name])] as const;
    return document._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(({ Name }) => ({
          namespace: Namespace,
          name: Name,
          value: value(Name),
          dimensions: Object.fromEntries(names.map(dimension)),
        })),
      ),
    );
  });
}
