// Package contract holds every seed method to what method.Method promises. Run drives a method through the real runner with
// a real journal, in two processes of its own, one for each side ("agents in a box"), as a service would: whole seeds, starts
// that come twice, aborts and SIGKILLs of an agent at chosen moments, programs that end wrongly, releases anywhere. After
// each the boxes are looked at: processes, files, mounts, the data port; the target's data are the old ones or the new ones,
// as they have to be.
//
// A package that has a method uses it so, in tests of the external test package:
//
//	var subject = contract.Subject{...}
//
//	func TestMain(m *testing.M) {
//		contract.Agent(subject.Make) // the boxes are this program, started again
//		goleak.VerifyTestMain(m)
//	}
//
//	func TestMethodKeepsTheContract(t *testing.T) { contract.Run(t, subject) }
//
// Moments are those at which the method calls its Runner, the beginning and the end of each stage, and some that chance
// picks; CONTRACT_SEED repeats a choice, CONTRACT_MOMENTS=N takes N of them and CONTRACT_ALL=1 all.
// docs/write-a-method.md says more.
//
// It imports agentapi, agentd/host, agentd/journal, agentd/method, agentd/runner and sandbox; only tests import it.
package contract
