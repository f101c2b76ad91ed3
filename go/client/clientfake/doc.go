// Package clientfake is a service in memory that answers as scripted: for tests of everything that speaks the API. It can be
// stopped and started again on its address, streams events with Last-Event-ID, and remembers what it was asked.
package clientfake
