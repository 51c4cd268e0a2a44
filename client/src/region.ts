import { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS } from '@smithy/core/config';
import { readEnvironment } from './environment.ts';
import { FareboxError } from './errors.ts';

export interface RegionOptions {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/**
 * The AWS region to work in: the one that is given, else `AWS_REGION`, else that of the profile in the AWS configuration.
 *
 * @throws FareboxError of kind `configuration` where none is named
 */
export async function regionOf({ region, profile }: RegionOptions): Promise<string> {
  const named = region ?? readEnvironment().region;
  if (named !== undefined) return named;
  const ofProfile = await loadConfig<string | undefined>(
    {
      environmentVariableSelector: () => undefined,
      configFileSelector: (settings) => settings['region'],
      default: undefined,
    },
    { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...(profile === undefined ? {} : { profile }) },
  )();
  if (ofProfile !== undefined) return ofProfile;
  throw new FareboxError(
    'configuration',
    'no_region',
    'No AWS region is set. Set AWS_REGION, or name one in the profile ("aws configure set region eu-west-1").',
  );
}
