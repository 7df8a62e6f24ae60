/**
 * The contract of the forge, against a host with GitHub's API and one with GitLab's. The others are in the long part: GitHub
 * with a token differs from the app in its sign-in, and a host without an API gets the same pushes.
 */
import { testForge } from '../support/forge-contract.ts';

testForge('GitHub App');
testForge('GitLab');
