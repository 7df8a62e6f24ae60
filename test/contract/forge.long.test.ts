/** The contract of the forge, against GitHub with a token, and a host of which m0 knows no API; see forge.test.ts. */
import { testForge } from '../support/forge-contract.ts';

testForge('GitHub');
testForge('another host');
