// Package e2e seeds real servers with the real programs, running as processes, and compares source and replica to the last
// row, object and account afterwards.
package e2e
