package agentapi

import "fmt"

// Stage is one part of a seed's life, in the order of [Stages].
type Stage string

const (
	Prepare      Stage = "Prepare"
	Backup       Stage = "Backup"
	Restore      Stage = "Restore"
	ConnectSlave Stage = "ConnectSlave"
	Cleanup      Stage = "Cleanup"
)

// Stages is every stage in order.
var Stages = []Stage{Prepare, Backup, Restore, ConnectSlave, Cleanup}

// ParseStage returns the stage of that exact name, or an error that contains the unknown word.
func ParseStage(s string) (Stage, error) { return parse(Stages, "stage", s) }

// Status says how a stage of a seed stands, on the wire and in the database.
type Status string

const (
	Scheduled Status = "Scheduled"
	Running   Status = "Running"
	Completed Status = "Completed"
	Error     Status = "Error"
	Failed    Status = "Failed"
	Aborting  Status = "Aborting"
)

// Statuses is every status, in the order in which the API lists them.
var Statuses = []Status{Scheduled, Running, Completed, Error, Failed, Aborting}

// ParseStatus returns the status of that exact name, or an error that contains the unknown word.
func ParseStatus(s string) (Status, error) { return parse(Statuses, "status", s) }

// Method is a way to copy a server.
type Method string

const (
	Mysqldump   Method = "Mysqldump"
	Mydumper    Method = "Mydumper"
	Xtrabackup  Method = "Xtrabackup"
	LVM         Method = "LVM"
	ClonePlugin Method = "ClonePlugin"
)

// Methods is every known method.
var Methods = []Method{Mysqldump, Mydumper, Xtrabackup, LVM, ClonePlugin}

// ParseMethod returns the method of that exact name, or an error that contains the unknown word.
func ParseMethod(s string) (Method, error) { return parse(Methods, "seed method", s) }

// Side is the part that a host plays in a seed.
type Side string

const (
	Source Side = "Source"
	Target Side = "Target"
)

// Sides is both sides.
var Sides = []Side{Target, Source}

// ParseSide returns the side of that exact name, or an error that contains the unknown word.
func ParseSide(s string) (Side, error) { return parse(Sides, "seed side", s) }

func parse[T ~string](known []T, what, s string) (T, error) {
	for _, k := range known {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown %s %q: known are %v", what, s, known)
}
