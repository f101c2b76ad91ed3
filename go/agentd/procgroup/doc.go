// Package procgroup names process groups so that they can be found again, and ends them so that nothing is left.
//
// A process id alone is no name: after its process has ended, or the host was restarted, another one may have it. A [Group]
// therefore holds the id together with the kernel's start time of the leader, its session and the boot. Processes that left
// the group (setsid) are found by a mark in the environment that they inherited, see [Mark].
//
// Linux only: it reads /proc. It imports nothing of ours.
package procgroup
