// Package methodtest is what the tests of seed methods share: a stand-in method whose stages are functions of the test's
// own, a Runner in memory, and a world of two real database servers with a seed's directory. What is started through
// Work.Run.Command are real processes.
package methodtest
