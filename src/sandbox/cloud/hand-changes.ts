/** The manual changes that the sandbox offers. */
import type { CloudApi, ObservedCloud } from './cloud-api.ts';
import { SAMPLE } from './sample-infra.ts';

/** A change that somebody makes to the local cloud by hand, without the code. */
export interface HandChange {
  readonly id: 'remove-tags' | 'open-ssh' | 'delete-bucket';
  readonly label: string;
  readonly explain: string;
  /** True where the change is in effect. */
  inEffect(cloud: ObservedCloud): boolean;
  /** Why the change cannot be made now, or null. */
  refusal(cloud: ObservedCloud): string | null;
  make(api: CloudApi): Promise<void>;
  /** One sentence that says what was done. */
  readonly done: string;
}

const { bucket, securityGroup, hotfix } = SAMPLE;
const SSH_RULE = `${hotfix.port}/tcp from ${hotfix.cidr}`;
const noBucket = (cloud: ObservedCloud): string | null =>
  cloud.tags === null ? `There is no bucket ${bucket} at the moment.` : null;

/** In the order in which they are repeated after the cloud was rebuilt. */
export const HAND_CHANGES: readonly HandChange[] = [
  {
    id: 'remove-tags',
    label: "Remove the bucket's tags",
    explain: `Deletes every tag of ${bucket}, as somebody tidying up might.`,
    inEffect: (cloud) => cloud.tags !== null && Object.keys(cloud.tags).length === 0,
    refusal: (cloud) =>
      noBucket(cloud) ??
      (Object.keys(cloud.tags ?? {}).length === 0 ? `The bucket ${bucket} has no tags already.` : null),
    make: (api) => api.removeTags(),
    done: `All tags of the bucket ${bucket} were removed.`,
  },
  {
    id: 'open-ssh',
    label: 'Open SSH by hand (the hotfix)',
    explain: `Lets ${hotfix.cidr} reach port ${hotfix.port} through the security group ${securityGroup}.`,
    inEffect: (cloud) => cloud.ingress?.includes(SSH_RULE) ?? false,
    refusal: (cloud) => {
      if (cloud.ingress === null) return `There is no security group ${securityGroup} at the moment.`;
      return cloud.ingress.includes(SSH_RULE) ? `SSH is open to ${hotfix.cidr} already.` : null;
    },
    make: (api) => api.openSsh(),
    done: `The security group ${securityGroup} now lets ${hotfix.cidr} in on port ${hotfix.port}.`,
  },
  {
    id: 'delete-bucket',
    label: 'Delete the bucket',
    explain: `Deletes ${bucket} and all that is in it.`,
    inEffect: (cloud) => cloud.tags === null,
    refusal: noBucket,
    make: (api) => api.deleteBucket(),
    done: `The bucket ${bucket} was deleted.`,
  },
];
