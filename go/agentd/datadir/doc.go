// Package datadir replaces a server's data directory without ever being the reason that there is none: keep, prove, swap.
package datadir
